CREATE TABLE "audition_performers" (
	"organization" text NOT NULL,
	"performer" text NOT NULL,
	"audition_id" text NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	"scheduled_for" timestamp with time zone,
	CONSTRAINT "audition_performers_audition_id_performer_pk" PRIMARY KEY("audition_id","performer")
);
--> statement-breakpoint
DROP INDEX "auditions_by_schedule";--> statement-breakpoint
ALTER TABLE "audition_performers" ADD CONSTRAINT "audition_performers_audition_id_auditions_id_fk" FOREIGN KEY ("audition_id") REFERENCES "public"."auditions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audition_performers_by_request" ON "audition_performers" USING btree ("organization","performer","requested_at","audition_id");--> statement-breakpoint
CREATE INDEX "audition_performers_by_schedule" ON "audition_performers" USING btree ("organization","performer","scheduled_for","audition_id");--> statement-breakpoint
CREATE INDEX "auditions_by_state_and_schedule" ON "auditions" USING btree ("organization","state","scheduled_for","id");--> statement-breakpoint
CREATE INDEX "auditions_by_project_and_schedule" ON "auditions" USING btree ("organization","project","scheduled_for","id");--> statement-breakpoint
CREATE INDEX "auditions_by_role_and_schedule" ON "auditions" USING btree ("organization","role","scheduled_for","id");--> statement-breakpoint
CREATE INDEX "auditions_by_schedule" ON "auditions" USING btree ("organization","scheduled_for","id");--> statement-breakpoint
CREATE FUNCTION store_audition_performers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audition_performers (organization, performer, audition_id, requested_at, scheduled_for)
  SELECT NEW.organization, member ->> 'id', NEW.id, NEW.requested_at, NEW.scheduled_for
  FROM jsonb_path_query(NEW.view, '$.participants[*] ? (@.kind == "performer")') AS member
  ON CONFLICT (audition_id, performer) DO UPDATE SET scheduled_for = excluded.scheduled_for;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER auditions_performers_of_request AFTER INSERT ON auditions
  FOR EACH ROW EXECUTE FUNCTION store_audition_performers();--> statement-breakpoint
CREATE TRIGGER auditions_performers_of_move AFTER UPDATE ON auditions
  FOR EACH ROW WHEN (OLD.scheduled_for IS DISTINCT FROM NEW.scheduled_for) EXECUTE FUNCTION store_audition_performers();--> statement-breakpoint
-- After the triggers: workers of the earlier version request auditions meanwhile.
INSERT INTO audition_performers (organization, performer, audition_id, requested_at, scheduled_for)
SELECT auditions.organization, member ->> 'id', auditions.id, requested_at, scheduled_for
FROM auditions, jsonb_path_query(view, '$.participants[*] ? (@.kind == "performer")') AS member
ON CONFLICT DO NOTHING;
