-- A report of the version before that was not confirmed is stored as 'unconfirmed'. It differs from each digest, so that another report follows.
ALTER TABLE "participant_conflicts" ADD COLUMN "is_confirmed" boolean DEFAULT true NOT NULL;
