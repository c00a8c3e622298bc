CREATE TABLE "message_budget_days" (
	"organization" text NOT NULL,
	"channel" text NOT NULL,
	"day" date NOT NULL,
	"used" integer NOT NULL,
	"budget" integer NOT NULL,
	"warned_by" text,
	CONSTRAINT "message_budget_days_organization_channel_day_pk" PRIMARY KEY("organization","channel","day")
);
--> statement-breakpoint
CREATE TABLE "message_charges" (
	"key" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"channel" text NOT NULL,
	"day" date NOT NULL,
	"units" integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "granted_limits" jsonb;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "own_limits" jsonb;--> statement-breakpoint
CREATE INDEX "message_budget_days_by_day" ON "message_budget_days" USING btree ("day");--> statement-breakpoint
CREATE INDEX "message_charges_by_day" ON "message_charges" USING btree ("day");