CREATE TRIGGER credential_reads_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credential_reads
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER administrative_acts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON administrative_acts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
