CREATE TABLE "busy_calendars" (
	"audition_id" text NOT NULL,
	"participant" text NOT NULL,
	"connection" text NOT NULL,
	"calendar" text NOT NULL,
	CONSTRAINT "busy_calendars_audition_id_participant_connection_calendar_pk" PRIMARY KEY("audition_id","participant","connection","calendar")
);
--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "calendar_choice" text;--> statement-breakpoint
ALTER TABLE "synced_calendars" ADD COLUMN "is_busy_only" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "busy_calendars_by_calendar" ON "busy_calendars" USING btree ("connection","calendar");