CREATE TABLE "connection_failures" (
	"connection" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"episode" integer DEFAULT 1 NOT NULL,
	"state" text DEFAULT 'beginning' NOT NULL,
	"problems" jsonb NOT NULL,
	"calendars" text[] NOT NULL,
	"failing_since" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"ending" text
);
--> statement-breakpoint
CREATE TABLE "unreadable_events" (
	"connection" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"faults" text[] NOT NULL,
	"first_seen_at" timestamp with time zone NOT NULL,
	"last_seen_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "reauthorization_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_calendars" ADD COLUMN "error_since" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "connection_failures_to_report" ON "connection_failures" USING btree ("state") WHERE state IN ('beginning', 'ending');--> statement-breakpoint
UPDATE "connections" SET "reauthorization_since" = date_trunc('milliseconds', "updated_at") WHERE "status" = 'needs_reauthorization';--> statement-breakpoint
UPDATE "synced_calendars" SET "error_since" = date_trunc('milliseconds', coalesce("synced_at", "created_at")) WHERE "error" IS NOT NULL;--> statement-breakpoint
-- The casting office was notified of these failures by the earlier version.
INSERT INTO "connection_failures" ("connection", "organization", "state", "problems", "calendars", "failing_since")
SELECT "id", "organization", 'reported',
  jsonb_build_array(jsonb_build_object('kind', 'reconnect', 'since', to_char("reauthorization_since" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))),
  '{}', "reauthorization_since"
FROM "connections" WHERE "status" = 'needs_reauthorization' AND "failure_reported_as" = "version";
