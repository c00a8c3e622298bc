DROP INDEX "synced_events_by_end";--> statement-breakpoint
DROP INDEX "synced_events_own";--> statement-breakpoint
CREATE INDEX "synced_events_by_end" ON "synced_events" USING btree ("ends_at","connection");--> statement-breakpoint
CREATE INDEX "synced_events_own" ON "synced_events" USING btree ("connection","calendar","event_id") WHERE "synced_events"."audition_id" IS NOT NULL;