ALTER TABLE "audit_events" ADD COLUMN "mac" text;--> statement-breakpoint
-- Events of earlier versions have no authentication code. No process can append another one without.
ALTER TABLE "audit_events" ADD CONSTRAINT "audit_events_have_codes" CHECK ("mac" IS NOT NULL) NOT VALID;
