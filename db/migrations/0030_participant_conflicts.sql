CREATE TABLE "participant_conflicts" (
	"audition_id" text NOT NULL,
	"participant" text NOT NULL,
	"tentative" text,
	"calendar_buffer" integer,
	"travel" integer,
	"reported" text,
	"change" integer DEFAULT 0 NOT NULL,
	"incarnation" text DEFAULT gen_random_uuid() NOT NULL,
	CONSTRAINT "participant_conflicts_audition_id_participant_pk" PRIMARY KEY("audition_id","participant")
);
--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "uid" text;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "written_in_person" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "synced_events" ADD COLUMN "hosted_by" text;--> statement-breakpoint
-- Without this, each standing conflict would be asked about again.
INSERT INTO "participant_conflicts" ("audition_id", "participant", "reported", "change")
SELECT DISTINCT ON ("audition_id", "participant") "audition_id", "participant", "reported_conflicts", "conflict_change"
FROM "synced_events" WHERE "audition_id" IS NOT NULL AND "participant" IS NOT NULL AND "reported_conflicts" IS NOT NULL
ORDER BY "audition_id", "participant", "written_revision" DESC, "written_at" DESC NULLS LAST;--> statement-breakpoint
ALTER TABLE "synced_events" DROP COLUMN "reported_conflicts";--> statement-breakpoint
ALTER TABLE "synced_events" DROP COLUMN "conflict_change";
