ALTER TABLE "organizations" ADD COLUMN "conflicts" jsonb;--> statement-breakpoint
ALTER TABLE "slot_holds" ADD COLUMN "place" text;--> statement-breakpoint
ALTER TABLE "slot_holds" ADD COLUMN "buffer_ms" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "slot_holds" ADD COLUMN "travel_ms" integer DEFAULT 0 NOT NULL;