ALTER TABLE "synced_events" ADD COLUMN "answer" text;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "answered_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "answer_revision" integer;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "answer_known_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "answer_change" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "is_answer_reported" boolean DEFAULT true NOT NULL;