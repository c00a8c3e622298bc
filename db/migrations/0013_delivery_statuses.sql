ALTER TABLE "deliveries" ADD COLUMN "status" text DEFAULT 'queued' NOT NULL;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "code" text;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "reported_by" text;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "created_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
CREATE INDEX "deliveries_by_audition" ON "deliveries" USING btree ("audition_id");