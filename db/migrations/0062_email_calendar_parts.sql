ALTER TABLE "deliveries" ADD COLUMN "calendar_part" text;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "calendar_sequence" integer;