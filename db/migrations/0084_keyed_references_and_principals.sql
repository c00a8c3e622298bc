ALTER TABLE "recordings" ADD COLUMN "deletion_principal" text;--> statement-breakpoint
ALTER TABLE "session_blocks" ADD COLUMN "changed_by" text;--> statement-breakpoint
-- A process of an earlier version does not find what has a keyed hash: it would connect an account twice, and send to a suppressed address.
CREATE FUNCTION refuse_unkeyed_hash() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the hashes of % have a key: stop this process, its version is older than the database', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;--> statement-breakpoint
CREATE TRIGGER connections_have_keyed_references BEFORE INSERT ON connections FOR EACH ROW
  WHEN (NEW.account_reference ~ '^[0-9a-f]{64}$') EXECUTE FUNCTION refuse_unkeyed_hash();--> statement-breakpoint
CREATE TRIGGER deliveries_have_keyed_addresses BEFORE INSERT ON deliveries FOR EACH ROW
  WHEN (NEW.address ~ '^[0-9a-f]{64}$') EXECUTE FUNCTION refuse_unkeyed_hash();
