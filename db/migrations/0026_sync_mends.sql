ALTER TABLE "synced_calendars" ADD COLUMN "dry_run_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_calendars" ADD COLUMN "polled_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "removed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "incarnation" text;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "conflict_change" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "watch_subscriptions" ADD COLUMN "is_lost" boolean DEFAULT false NOT NULL;--> statement-breakpoint
-- A conflict is reported for a revision of the slot. Without this, each standing conflict would be asked about again.
UPDATE "synced_events" SET "reported_conflicts" = "written_revision" || ':' || "reported_conflicts" WHERE "reported_conflicts" IS NOT NULL;--> statement-breakpoint
-- Without this, each connection would count as connected again.
UPDATE "synced_calendars" SET "polled_at" = "checked_at";
