CREATE TABLE "pending_revocations" (
	"id" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"provider" text NOT NULL,
	"connection" text NOT NULL,
	"sealed_refresh_token" text NOT NULL,
	"correlation_id" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "pending_revocations_due" ON "pending_revocations" USING btree ("next_attempt_at");