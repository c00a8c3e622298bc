CREATE TABLE "participant_feeds" (
	"organization" text NOT NULL,
	"participant" text NOT NULL,
	"generation" integer DEFAULT 1 NOT NULL,
	"is_revoked" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "participant_feeds_organization_participant_pk" PRIMARY KEY("organization","participant")
);
--> statement-breakpoint
CREATE INDEX "deliveries_by_participant" ON "deliveries" USING btree ("organization","participant");