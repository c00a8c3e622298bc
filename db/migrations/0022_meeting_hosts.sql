CREATE TABLE "meeting_host_claims" (
	"key" text NOT NULL,
	"revision" integer NOT NULL,
	"audition_id" text NOT NULL,
	"vendor" text NOT NULL,
	"host" text NOT NULL,
	"during" "tstzrange" NOT NULL,
	CONSTRAINT "meeting_host_claims_key_revision_pk" PRIMARY KEY("key","revision")
);
--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "sealed_meetings" text;--> statement-breakpoint
ALTER TABLE "meeting_host_claims" ADD CONSTRAINT "meeting_host_claims_key_operations_key_fk" FOREIGN KEY ("key") REFERENCES "public"."operations"("key") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
-- One host never has the meetings of two auditions at overlapping times. The claims of one audition may overlap each
-- other: while its meeting is moved, the host has the old and the new time.
ALTER TABLE "meeting_host_claims" ADD CONSTRAINT "meeting_host_claims_no_double_booking"
  EXCLUDE USING gist (vendor WITH =, host WITH =, audition_id WITH <>, during WITH &&);
