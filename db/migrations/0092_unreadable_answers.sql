ALTER TABLE "synced_calendars" ADD COLUMN "unreadable_fields" text;--> statement-breakpoint
ALTER TABLE "synced_calendars" ADD COLUMN "unreadable_since" timestamp with time zone;