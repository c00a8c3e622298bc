ALTER TABLE "audit_events" ADD COLUMN "number" integer;--> statement-breakpoint
ALTER TABLE "audit_events" ADD COLUMN "key" text;--> statement-breakpoint
ALTER TABLE "audit_events" ADD COLUMN "run_id" text;--> statement-breakpoint
CREATE UNIQUE INDEX "audit_events_by_number" ON "audit_events" USING btree ("audition_id","number") WHERE number IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "audit_events_by_key" ON "audit_events" USING btree ("audition_id","key") WHERE key IS NOT NULL;