CREATE TABLE "meeting_registrants" (
	"link" text NOT NULL,
	"audition_id" text NOT NULL,
	"participant" text NOT NULL,
	"meeting_id" text NOT NULL,
	"registrant_id" text,
	"join_url" text,
	CONSTRAINT "meeting_registrants_link_meeting_id_pk" PRIMARY KEY("link","meeting_id")
);
--> statement-breakpoint
CREATE TABLE "waiting_entries" (
	"audition_id" text NOT NULL,
	"participant" text NOT NULL,
	"revision" integer NOT NULL,
	"organization" text NOT NULL,
	"list" text NOT NULL,
	"checked_in_at" timestamp with time zone,
	"admitted_at" timestamp with time zone,
	CONSTRAINT "waiting_entries_audition_id_participant_revision_pk" PRIMARY KEY("audition_id","participant","revision")
);
--> statement-breakpoint
ALTER TABLE "meeting_registrants" ADD CONSTRAINT "meeting_registrants_link_join_links_id_fk" FOREIGN KEY ("link") REFERENCES "public"."join_links"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "meeting_registrants_by_audition" ON "meeting_registrants" USING btree ("audition_id");--> statement-breakpoint
CREATE INDEX "meeting_registrants_by_registrant" ON "meeting_registrants" USING btree ("registrant_id");--> statement-breakpoint
CREATE INDEX "waiting_entries_by_list" ON "waiting_entries" USING btree ("list");