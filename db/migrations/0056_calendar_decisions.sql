CREATE TABLE "calendar_removals" (
	"connection" text NOT NULL,
	"calendar" text NOT NULL,
	"event_id" text NOT NULL,
	"id" text NOT NULL,
	"audition_id" text NOT NULL,
	"reason" text NOT NULL,
	"begun_at" timestamp with time zone NOT NULL,
	CONSTRAINT "calendar_removals_connection_calendar_event_id_pk" PRIMARY KEY("connection","calendar","event_id")
);
--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "edited_texts" text;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "recorded_texts" text;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "text_change" integer DEFAULT 0 NOT NULL;