ALTER TABLE "synced_calendars" ADD COLUMN "is_room" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "synced_calendars" ADD COLUMN "events_denied_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "seen_as" text DEFAULT 'event' NOT NULL;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "booked_room" text;--> statement-breakpoint
CREATE INDEX "synced_events_by_room" ON "synced_events" USING btree ("booked_room") WHERE "synced_events"."booked_room" IS NOT NULL;