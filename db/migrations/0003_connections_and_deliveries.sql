-- Credentials are sealed anew, under data keys of their own: those of before, which only a local stack can have, are
-- connected again at its start.
DELETE FROM connections;
--> statement-breakpoint
CREATE TABLE "administrative_acts" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"organization" text,
	"by" text NOT NULL,
	"role" text NOT NULL,
	"act" text NOT NULL,
	"target" text NOT NULL,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"correlation_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "authorization_requests" (
	"state_hash" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"owner" text,
	"provider" text NOT NULL,
	"connection" text,
	"browser_hash" text NOT NULL,
	"sealed_verifier" text NOT NULL,
	"redirect_uri" text NOT NULL,
	"scopes" text[] NOT NULL,
	"return_to" text,
	"correlation_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "credential_reads" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"subject" text NOT NULL,
	"organization" text NOT NULL,
	"secret" text NOT NULL,
	"purpose" text NOT NULL,
	"process" text NOT NULL,
	"correlation_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "data_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"master_key_id" text NOT NULL,
	"wrapped" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"rewrapped_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "provider_health" (
	"provider" text NOT NULL,
	"connection" text DEFAULT '' NOT NULL,
	"process" text NOT NULL,
	"circuit" text DEFAULT 'closed' NOT NULL,
	"opens_again_at" timestamp with time zone,
	"last_success_at" timestamp with time zone,
	"last_failure_at" timestamp with time zone,
	"last_failure" text,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "provider_health_provider_connection_process_pk" PRIMARY KEY("provider","connection","process")
);
--> statement-breakpoint
CREATE TABLE "quota_leases" (
	"id" text PRIMARY KEY NOT NULL,
	"provider" text NOT NULL,
	"quota" text NOT NULL,
	"account" text NOT NULL,
	"organization" text NOT NULL,
	"lease_until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "quota_usage" (
	"provider" text NOT NULL,
	"quota" text NOT NULL,
	"account" text NOT NULL,
	"organization" text NOT NULL,
	"window_start" timestamp with time zone NOT NULL,
	"window_end" timestamp with time zone NOT NULL,
	"used" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "quota_usage_provider_quota_account_window_start_organization_pk" PRIMARY KEY("provider","quota","account","window_start","organization")
);
--> statement-breakpoint
CREATE TABLE "watch_subscriptions" (
	"id" text PRIMARY KEY NOT NULL,
	"provider" text NOT NULL,
	"organization" text NOT NULL,
	"connection" text NOT NULL,
	"calendar_id" text NOT NULL,
	"resource_id" text,
	"secret_hashes" text[] DEFAULT '{}' NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"last_notified_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "endpoint_progress" (
	"endpoint" text NOT NULL,
	"audition_id" text NOT NULL,
	"delivered_through" integer NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "endpoint_progress_endpoint_audition_id_pk" PRIMARY KEY("endpoint","audition_id")
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"audition_id" text NOT NULL,
	"sequence" integer NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhook_endpoints" (
	"id" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"url" text NOT NULL,
	"event_types" text[] DEFAULT '{}' NOT NULL,
	"status" text DEFAULT 'enabled' NOT NULL,
	"disabled_reason" text,
	"disabled_at" timestamp with time zone,
	"sealed_secret" text NOT NULL,
	"sealed_previous_secret" text,
	"previous_until" timestamp with time zone,
	"failing_since" timestamp with time zone,
	"last_success_at" timestamp with time zone,
	"last_failure_at" timestamp with time zone,
	"last_answer" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhook_inbox" (
	"id" text PRIMARY KEY NOT NULL,
	"provider" text NOT NULL,
	"dedupe_key" text NOT NULL,
	"kind" text NOT NULL,
	"sealed_event" text NOT NULL,
	"data_key" text NOT NULL,
	"correlation_id" text NOT NULL,
	"state" text DEFAULT 'received' NOT NULL,
	"reason" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"duplicates" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp with time zone DEFAULT now() NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"settled_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "connections" ALTER COLUMN "sealed_credential" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "owner" text;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "status" text DEFAULT 'connected' NOT NULL;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "status_reason" text;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "scopes" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "account_reference" text;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "sealed_access_token" text;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "access_token_expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "refresh_attempt" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "refresh_lease_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "last_refreshed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "connected_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "updated_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
CREATE INDEX "administrative_acts_by_organization" ON "administrative_acts" USING btree ("organization","at");--> statement-breakpoint
CREATE INDEX "authorization_requests_by_expiry" ON "authorization_requests" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "credential_reads_by_subject" ON "credential_reads" USING btree ("subject","at");--> statement-breakpoint
CREATE INDEX "data_keys_by_master_key" ON "data_keys" USING btree ("master_key_id");--> statement-breakpoint
CREATE INDEX "quota_leases_by_account" ON "quota_leases" USING btree ("provider","quota","account");--> statement-breakpoint
CREATE INDEX "quota_usage_by_end" ON "quota_usage" USING btree ("window_end");--> statement-breakpoint
CREATE INDEX "watch_subscriptions_by_connection" ON "watch_subscriptions" USING btree ("connection");--> statement-breakpoint
CREATE INDEX "watch_subscriptions_by_expiry" ON "watch_subscriptions" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "outbox_due" ON "outbox" USING btree ("next_attempt_at");--> statement-breakpoint
CREATE INDEX "webhook_endpoints_by_organization" ON "webhook_endpoints" USING btree ("organization");--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_inbox_once" ON "webhook_inbox" USING btree ("provider","dedupe_key");--> statement-breakpoint
CREATE INDEX "webhook_inbox_due" ON "webhook_inbox" USING btree ("next_attempt_at") WHERE state = 'received';--> statement-breakpoint
CREATE INDEX "webhook_inbox_by_state" ON "webhook_inbox" USING btree ("state","received_at");--> statement-breakpoint
CREATE UNIQUE INDEX "connections_by_account" ON "connections" USING btree ("account_reference");--> statement-breakpoint
CREATE INDEX "connections_by_expiry" ON "connections" USING btree ("access_token_expires_at");