ALTER TABLE "operations" ADD COLUMN "attempt" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "given_up_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "asked_by" text;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "surplus" jsonb DEFAULT '[]'::jsonb NOT NULL;