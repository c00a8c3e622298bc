CREATE TABLE "api_keys" (
	"secret_hash" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"role" text NOT NULL,
	"label" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "attention_items" (
	"id" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"audition_id" text NOT NULL,
	"raised_at" timestamp with time zone NOT NULL,
	"item" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"audition_id" text NOT NULL,
	"sequence" integer NOT NULL,
	"organization" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"type" text NOT NULL,
	"correlation_id" text NOT NULL,
	"fact" jsonb NOT NULL,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "audit_events_audition_id_sequence_pk" PRIMARY KEY("audition_id","sequence")
);
--> statement-breakpoint
CREATE TABLE "auditions" (
	"id" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"project" text NOT NULL,
	"role" text NOT NULL,
	"state" text NOT NULL,
	"needs_attention" boolean NOT NULL,
	"scheduled_for" timestamp with time zone,
	"requested_at" timestamp with time zone NOT NULL,
	"sequence" integer NOT NULL,
	"view" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "connections" (
	"id" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"provider" text NOT NULL,
	"account" text NOT NULL,
	"sealed_credential" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"audition_id" text NOT NULL,
	"participant" text NOT NULL,
	"channel" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "idempotent_requests" (
	"organization" text NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer,
	"body" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotent_requests_organization_key_pk" PRIMARY KEY("organization","key")
);
--> statement-breakpoint
CREATE TABLE "operations" (
	"key" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"provider" text NOT NULL,
	"operation" text NOT NULL,
	"request_hash" text,
	"state" text NOT NULL,
	"doubt" text DEFAULT 'none' NOT NULL,
	"handed_over" boolean DEFAULT false NOT NULL,
	"lease_until" timestamp with time zone,
	"started_at" timestamp with time zone NOT NULL,
	"completed_at" timestamp with time zone,
	"provider_id" text,
	"result" jsonb
);
--> statement-breakpoint
CREATE TABLE "organizations" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"meeting_providers" jsonb NOT NULL,
	"meet_calendar" jsonb
);
--> statement-breakpoint
CREATE TABLE "slot_holds" (
	"audition_id" text NOT NULL,
	"revision" integer NOT NULL,
	"resource" text NOT NULL,
	"organization" text NOT NULL,
	"during" "tstzrange" NOT NULL,
	"confirmed" boolean DEFAULT false NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "slot_holds_audition_id_revision_resource_pk" PRIMARY KEY("audition_id","revision","resource")
);
--> statement-breakpoint
CREATE INDEX "attention_items_by_age" ON "attention_items" USING btree ("organization","raised_at","id");--> statement-breakpoint
CREATE INDEX "attention_items_by_audition" ON "attention_items" USING btree ("audition_id");--> statement-breakpoint
CREATE INDEX "auditions_by_request" ON "auditions" USING btree ("organization","requested_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "auditions_by_project" ON "auditions" USING btree ("organization","project","role");--> statement-breakpoint
CREATE INDEX "auditions_by_schedule" ON "auditions" USING btree ("organization","scheduled_for");--> statement-breakpoint
CREATE INDEX "auditions_needing_attention" ON "auditions" USING btree ("organization") WHERE "auditions"."needs_attention";--> statement-breakpoint
CREATE INDEX "connections_by_organization" ON "connections" USING btree ("organization");