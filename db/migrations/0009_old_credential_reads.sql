-- Reads of credentials are looked into for a year, and grow with every call: after that they may be deleted, as they are,
-- and nothing else may ever be done to them.
DROP TRIGGER credential_reads_append_only ON credential_reads;
--> statement-breakpoint
CREATE TRIGGER credential_reads_append_only BEFORE UPDATE OR TRUNCATE ON credential_reads
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER credential_reads_kept_for_a_year BEFORE DELETE ON credential_reads
  FOR EACH ROW WHEN (OLD.at > now() - interval '1 year') EXECUTE FUNCTION refuse_change();
