-- The names of calendars, rooms and places get a key. A process of an earlier version does not know it. It would remove a calendar whose id it
-- cannot open, book a calendar twice, and overwrite what people have changed. The new names of these columns make its statements fail.
ALTER TABLE "synced_calendars" RENAME COLUMN "sealed_calendar_id" TO "sealed_id";--> statement-breakpoint
ALTER TABLE "synced_events" RENAME COLUMN "seen_revision" TO "read_revision";--> statement-breakpoint
ALTER TABLE "synced_events" RENAME COLUMN "booked_room" TO "room_calendar";--> statement-breakpoint
ALTER TABLE "busy_calendars" ADD COLUMN "sealed_former_name" text;--> statement-breakpoint
ALTER TABLE "synced_calendars" ADD COLUMN "sealed_former_name" text;--> statement-breakpoint
CREATE INDEX "busy_calendars_with_unkeyed_name" ON "busy_calendars" USING btree ("calendar") WHERE "busy_calendars"."calendar" ~ '^(calendar|room):[0-9a-f]{64}$';--> statement-breakpoint
CREATE INDEX "calendar_removals_with_unkeyed_name" ON "calendar_removals" USING btree ("calendar") WHERE "calendar_removals"."calendar" ~ '^(calendar|room):[0-9a-f]{64}$';--> statement-breakpoint
CREATE INDEX "slot_holds_with_unkeyed_resource" ON "slot_holds" USING btree ("resource") WHERE "slot_holds"."resource" ~ '^(calendar|room):[0-9a-f]{64}$';--> statement-breakpoint
CREATE INDEX "slot_holds_with_unkeyed_place" ON "slot_holds" USING btree ("place") WHERE "slot_holds"."place" ~ '^[0-9a-f]{64}$';--> statement-breakpoint
CREATE INDEX "synced_calendars_with_unkeyed_name" ON "synced_calendars" USING btree ("calendar") WHERE "synced_calendars"."calendar" ~ '^(calendar|room):[0-9a-f]{64}$';--> statement-breakpoint
CREATE INDEX "synced_events_with_unkeyed_name" ON "synced_events" USING btree ("calendar") WHERE "synced_events"."calendar" ~ '^(calendar|room):[0-9a-f]{64}$';--> statement-breakpoint
CREATE INDEX "synced_events_with_unkeyed_room" ON "synced_events" USING btree ("room_calendar") WHERE "synced_events"."room_calendar" ~ '^(calendar|room):[0-9a-f]{64}$';--> statement-breakpoint
CREATE INDEX "unreadable_events_with_unkeyed_name" ON "unreadable_events" USING btree ("calendar") WHERE "unreadable_events"."calendar" ~ '^(calendar|room):[0-9a-f]{64}$';--> statement-breakpoint
CREATE INDEX "watch_subscriptions_with_unkeyed_name" ON "watch_subscriptions" USING btree ("calendar_id") WHERE "watch_subscriptions"."calendar_id" ~ '^(calendar|room):[0-9a-f]{64}$';--> statement-breakpoint
-- Another error than before, 23000: Temporal does not retry an activity that has violated a constraint, and a process of the present version
-- can succeed with it.
CREATE OR REPLACE FUNCTION refuse_unkeyed_hash() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the hashes of % have a key: stop this process, its version is older than the database', TG_TABLE_NAME
    USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;--> statement-breakpoint
CREATE TRIGGER slot_holds_have_keyed_names BEFORE INSERT OR UPDATE OF resource ON slot_holds FOR EACH ROW
  WHEN (NEW.resource ~ '^(calendar|room):[0-9a-f]{64}$') EXECUTE FUNCTION refuse_unkeyed_hash();--> statement-breakpoint
CREATE TRIGGER slot_holds_have_keyed_places BEFORE INSERT OR UPDATE OF place ON slot_holds FOR EACH ROW
  WHEN (NEW.place ~ '^[0-9a-f]{64}$') EXECUTE FUNCTION refuse_unkeyed_hash();--> statement-breakpoint
CREATE TRIGGER synced_calendars_have_keyed_names BEFORE INSERT ON synced_calendars FOR EACH ROW
  WHEN (NEW.calendar ~ '^(calendar|room):[0-9a-f]{64}$') EXECUTE FUNCTION refuse_unkeyed_hash();--> statement-breakpoint
CREATE TRIGGER synced_events_have_keyed_names BEFORE INSERT ON synced_events FOR EACH ROW
  WHEN (NEW.calendar ~ '^(calendar|room):[0-9a-f]{64}$') EXECUTE FUNCTION refuse_unkeyed_hash();--> statement-breakpoint
CREATE TRIGGER busy_calendars_have_keyed_names BEFORE INSERT ON busy_calendars FOR EACH ROW
  WHEN (NEW.calendar ~ '^(calendar|room):[0-9a-f]{64}$') EXECUTE FUNCTION refuse_unkeyed_hash();--> statement-breakpoint
CREATE TRIGGER calendar_removals_have_keyed_names BEFORE INSERT ON calendar_removals FOR EACH ROW
  WHEN (NEW.calendar ~ '^(calendar|room):[0-9a-f]{64}$') EXECUTE FUNCTION refuse_unkeyed_hash();--> statement-breakpoint
CREATE TRIGGER unreadable_events_have_keyed_names BEFORE INSERT ON unreadable_events FOR EACH ROW
  WHEN (NEW.calendar ~ '^(calendar|room):[0-9a-f]{64}$') EXECUTE FUNCTION refuse_unkeyed_hash();--> statement-breakpoint
CREATE TRIGGER watch_subscriptions_have_keyed_names BEFORE INSERT ON watch_subscriptions FOR EACH ROW
  WHEN (NEW.calendar_id ~ '^(calendar|room):[0-9a-f]{64}$') EXECUTE FUNCTION refuse_unkeyed_hash();
