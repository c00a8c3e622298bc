ALTER TABLE "recordings" ADD COLUMN "deletion_principal" text;--> statement-breakpoint
ALTER TABLE "session_blocks" ADD COLUMN "changed_by" text;--> statement-breakpoint
-- A process of an earlier version does not find a connection whose hash is keyed, and would connect the account twice.
CREATE FUNCTION refuse_unkeyed_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'account references have a key: stop this process, its version is older than the database'
    USING ERRCODE = 'integrity_constraint_violation';
END $$;--> statement-breakpoint
CREATE TRIGGER connections_have_keyed_references BEFORE INSERT ON connections FOR EACH ROW
  WHEN (NEW.account_reference ~ '^[0-9a-f]{64}$') EXECUTE FUNCTION refuse_unkeyed_account();
