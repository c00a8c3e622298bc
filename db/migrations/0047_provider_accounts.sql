ALTER TABLE "connections" ADD COLUMN "provider_account" text;--> statement-breakpoint
ALTER TABLE "pending_revocations" ADD COLUMN "provider_account" text;--> statement-breakpoint
CREATE INDEX "connections_by_provider_account" ON "connections" USING btree ("provider_account");