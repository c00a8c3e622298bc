CREATE TABLE "session_blocks" (
	"id" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"series" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"project" text NOT NULL,
	"role" text,
	"casting_director" text,
	"definition" jsonb NOT NULL,
	"exceptions" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"is_cancelled" boolean DEFAULT false NOT NULL,
	"feed_generation" integer DEFAULT 0 NOT NULL,
	"is_feed_revoked" boolean DEFAULT false NOT NULL,
	"reports_left" integer DEFAULT 0 NOT NULL,
	"report_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT date_trunc('milliseconds', now()) NOT NULL,
	"changed_at" timestamp with time zone DEFAULT date_trunc('milliseconds', now()) NOT NULL
);
--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "failure_reported_as" integer;--> statement-breakpoint
CREATE INDEX "session_blocks_by_creation" ON "session_blocks" USING btree ("organization","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "session_blocks_by_series" ON "session_blocks" USING btree ("organization","series");--> statement-breakpoint
CREATE INDEX "session_blocks_to_report" ON "session_blocks" USING btree ("report_at") WHERE "session_blocks"."reports_left" > 0;--> statement-breakpoint
CREATE INDEX "auditions_by_session_block" ON "auditions" USING btree ("organization",("view" -> 'slot' ->> 'block')) WHERE "auditions"."view" -> 'slot' ->> 'block' IS NOT NULL;