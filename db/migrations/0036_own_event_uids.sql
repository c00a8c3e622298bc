CREATE TABLE "own_event_uids" (
	"audition_id" text NOT NULL,
	"uid" text NOT NULL,
	CONSTRAINT "own_event_uids_audition_id_uid_pk" PRIMARY KEY("audition_id","uid")
);
--> statement-breakpoint
-- The UIDs of earlier versions of this service are known as long as the events are.
INSERT INTO "own_event_uids" ("audition_id", "uid")
SELECT DISTINCT "audition_id", "uid" FROM "synced_events" WHERE "audition_id" IS NOT NULL AND "uid" IS NOT NULL;
