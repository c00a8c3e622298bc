CREATE TABLE "slot_fences" (
	"audition_id" text PRIMARY KEY NOT NULL,
	"last_claim" integer DEFAULT 0 NOT NULL,
	"released_through" integer DEFAULT 0 NOT NULL,
	"kept" integer,
	"yielding_through" integer DEFAULT 0 NOT NULL,
	"yield_number" integer DEFAULT 0 NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "slot_fences_by_age" ON "slot_fences" USING btree ("updated_at");--> statement-breakpoint
-- Existing rows stay holds: the claims of an audition continue the numbers of its revisions.
ALTER TABLE "slot_holds" RENAME COLUMN "revision" TO "claim";--> statement-breakpoint
ALTER TABLE "slot_holds" RENAME CONSTRAINT "slot_holds_audition_id_revision_resource_pk" TO "slot_holds_audition_id_claim_resource_pk";--> statement-breakpoint
INSERT INTO "slot_fences" ("audition_id", "last_claim") SELECT "audition_id", max("claim") FROM "slot_holds" GROUP BY "audition_id";--> statement-breakpoint
ALTER TABLE "slot_holds" DROP COLUMN "confirmed";--> statement-breakpoint
ALTER TABLE "slot_holds" DROP COLUMN "expires_at";--> statement-breakpoint
ALTER TABLE "slot_holds" ADD COLUMN "scope" text GENERATED ALWAYS AS (CASE WHEN starts_with(resource, 'calendar:') THEN '' ELSE organization END) STORED NOT NULL;--> statement-breakpoint
-- A calendar is one resource in every organization. The claims of one audition may overlap each other: while it moves, it
-- holds its old and its new slot.
ALTER TABLE "slot_holds" DROP CONSTRAINT "slot_holds_no_double_booking";--> statement-breakpoint
ALTER TABLE "slot_holds" ADD CONSTRAINT "slot_holds_no_double_booking"
  EXCLUDE USING gist (scope WITH =, resource WITH =, audition_id WITH <>, during WITH &&);
