CREATE TABLE "synced_calendars" (
	"connection" text NOT NULL,
	"calendar" text NOT NULL,
	"organization" text NOT NULL,
	"provider" text NOT NULL,
	"sealed_calendar_id" text NOT NULL,
	"state" text DEFAULT 'new' NOT NULL,
	"cursor" text,
	"page" text,
	"listed_since" timestamp with time zone,
	"generation" integer DEFAULT 0 NOT NULL,
	"listed_count" integer DEFAULT 0 NOT NULL,
	"error" text,
	"push_error" text,
	"started_at" timestamp with time zone,
	"checked_at" timestamp with time zone,
	"synced_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "synced_calendars_connection_calendar_pk" PRIMARY KEY("connection","calendar")
);
--> statement-breakpoint
CREATE TABLE "synced_events" (
	"connection" text NOT NULL,
	"calendar" text NOT NULL,
	"event_id" text NOT NULL,
	"series" text,
	"starts_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"zone" text NOT NULL,
	"is_all_day" boolean NOT NULL,
	"busy" text NOT NULL,
	"etag" text,
	"is_removed" boolean DEFAULT false NOT NULL,
	"generation" integer NOT NULL,
	"marked_audition" text,
	"marked_revision" integer,
	"change" integer DEFAULT 0 NOT NULL,
	"audition_id" text,
	"participant" text,
	"written_by" text,
	"written_revision" integer,
	"written_start" timestamp with time zone,
	"written_end" timestamp with time zone,
	"is_checked" boolean DEFAULT true NOT NULL,
	"is_reported" boolean DEFAULT false NOT NULL,
	"reported_conflicts" text,
	CONSTRAINT "synced_events_connection_calendar_event_id_pk" PRIMARY KEY("connection","calendar","event_id")
);
--> statement-breakpoint
CREATE INDEX "synced_calendars_by_start" ON "synced_calendars" USING btree ("started_at");--> statement-breakpoint
CREATE INDEX "synced_events_by_time" ON "synced_events" USING gist ("connection","calendar",tstzrange("starts_at", "ends_at", '[)'));--> statement-breakpoint
CREATE INDEX "synced_events_by_series" ON "synced_events" USING btree ("connection","calendar","series") WHERE "synced_events"."series" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "synced_events_by_audition" ON "synced_events" USING btree ("audition_id") WHERE "synced_events"."audition_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "synced_events_by_end" ON "synced_events" USING btree ("ends_at");