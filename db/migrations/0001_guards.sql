CREATE EXTENSION IF NOT EXISTS btree_gist;
--> statement-breakpoint
-- Two auditions never hold one resource at overlapping times. The revisions of one audition may overlap each other:
-- while it moves, it holds its old and its new slot.
ALTER TABLE slot_holds ADD CONSTRAINT slot_holds_no_double_booking
  EXCLUDE USING gist (organization WITH =, resource WITH =, audition_id WITH <>, during WITH &&);
--> statement-breakpoint
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
