ALTER TABLE "administrative_acts" ADD COLUMN "principal" text;--> statement-breakpoint
CREATE INDEX "deliveries_silent_texts" ON "deliveries" USING btree ("created_at") WHERE "deliveries"."channel" = 'sms' AND "deliveries"."status" = 'queued';
