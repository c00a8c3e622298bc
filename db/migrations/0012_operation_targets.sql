ALTER TABLE "operations" ADD COLUMN "audition_id" text;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "sealed_target" text;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "data_key" text;--> statement-breakpoint
CREATE INDEX "operations_by_audition" ON "operations" USING btree ("audition_id");--> statement-breakpoint
CREATE INDEX "operations_by_data_key" ON "operations" USING btree ("data_key");--> statement-breakpoint
UPDATE "operations" SET "audition_id" = substring("key" from '^audition/(aud_[^:]+):') WHERE "key" LIKE 'audition/aud\_%';
