CREATE TABLE "meeting_watches" (
	"organization" text NOT NULL,
	"provider" text NOT NULL,
	"looked_at" timestamp with time zone NOT NULL,
	CONSTRAINT "meeting_watches_organization_provider_pk" PRIMARY KEY("organization","provider")
);
--> statement-breakpoint
CREATE INDEX "auditions_by_start" ON "auditions" USING btree ("scheduled_for") WHERE "auditions"."state" IN ('scheduled', 'confirmed', 'in_progress');