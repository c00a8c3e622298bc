DROP INDEX "synced_events_by_end";--> statement-breakpoint
ALTER TABLE "synced_calendars" ADD COLUMN "listing_began_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_calendars" ADD COLUMN "listed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_calendars" ADD COLUMN "reconciled_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "read_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "seen_revision" integer;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "written_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "repaired_revision" integer;--> statement-breakpoint
CREATE INDEX "synced_events_own" ON "synced_events" USING btree ("connection","calendar") WHERE "synced_events"."audition_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "synced_events_marked" ON "synced_events" USING btree ("connection","calendar") WHERE "synced_events"."marked_audition" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "synced_events_by_end" ON "synced_events" USING btree ("connection","ends_at");--> statement-breakpoint
-- An event that was read before has an etag. Without this, its deletion would look like a write that was lost.
UPDATE "synced_events" SET "seen_revision" = "marked_revision" WHERE "audition_id" IS NOT NULL AND "etag" IS NOT NULL;
