ALTER TABLE "busy_calendars" ADD COLUMN "data_key" text;--> statement-breakpoint
ALTER TABLE "busy_calendars" ADD COLUMN "sealed_calendar_id" text;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "write_started_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "room_answer_change" integer DEFAULT 0 NOT NULL;