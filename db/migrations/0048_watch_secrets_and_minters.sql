ALTER TABLE "authorization_requests" ADD COLUMN "minter" jsonb;--> statement-breakpoint
ALTER TABLE "watch_subscriptions" ADD COLUMN "has_issued_secret" boolean DEFAULT false NOT NULL;