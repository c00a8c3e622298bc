-- Of earlier reports, the calendar is unknown. They end after two days, as those of calendars that are not synchronized do.
ALTER TABLE "unreadable_events" ADD COLUMN "calendar" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "unreadable_events" ADD COLUMN "kind" text DEFAULT 'events_unreadable' NOT NULL;--> statement-breakpoint
ALTER TABLE "unreadable_events" DROP CONSTRAINT "unreadable_events_pkey";--> statement-breakpoint
ALTER TABLE "unreadable_events" ADD CONSTRAINT "unreadable_events_connection_calendar_kind_pk" PRIMARY KEY("connection","calendar","kind");--> statement-breakpoint
-- One report could be about both kinds of damage.
INSERT INTO "unreadable_events" ("connection", "calendar", "kind", "organization", "faults", "first_seen_at", "last_seen_at")
  SELECT "connection", '', 'events_too_frequent', "organization",
    ARRAY(SELECT "fault" FROM unnest("faults") AS "fault" WHERE "fault" LIKE 'too_many_occurrences%'), "first_seen_at", "last_seen_at"
  FROM "unreadable_events" WHERE EXISTS (SELECT FROM unnest("faults") AS "fault" WHERE "fault" LIKE 'too_many_occurrences%');--> statement-breakpoint
DELETE FROM "unreadable_events" WHERE "kind" = 'events_unreadable'
  AND NOT EXISTS (SELECT FROM unnest("faults") AS "fault" WHERE "fault" NOT LIKE 'too_many_occurrences%');--> statement-breakpoint
ALTER TABLE "unreadable_events" ALTER COLUMN "calendar" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "unreadable_events" ALTER COLUMN "kind" DROP DEFAULT;
