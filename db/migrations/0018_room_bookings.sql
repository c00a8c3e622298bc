ALTER TABLE "synced_events" ADD COLUMN "booked_by" text;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "room_answer" text;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "reported_room_answer" text;