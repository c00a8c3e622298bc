ALTER TABLE "synced_calendars" ADD COLUMN "tried_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "watch_subscriptions" ADD COLUMN "extended_at" timestamp with time zone;