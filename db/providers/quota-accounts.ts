/**
 * Names accounts as the tables of quotas have them: a hash with a key, because the account of a host is usually an email address.
 * Names of earlier versions had no key.
 */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { onceSuccessful } from '../../foundation/once.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import { ownerOfHosts } from '../meetings/host-hashes.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { readHashing } from '../vault/keyed-hashes.ts';

export interface QuotaAccounts {
  /**
   * Returns the stored name of an account. The first call reads the key, and moves what is counted for accounts without a key. While
   * processes of an earlier version run, they and this one count apart.
   */
  nameOf(account: string): Promise<string>;
}

/** Selects the rows that an earlier version has stored. */
export const isUnkeyedAccount = sql`account !~ '^v1:[A-Za-z0-9_-]{43}(/|$)'`;

/** What is still counted. A rate per minute considers the minute before, too. */
const isCounted = sql`window_end > now() - interval '2 minutes'`;

const rowsSchema = z.array(z.object({ provider: z.string(), quota: z.string(), account: z.string() }));

/** Creates the names. @param exhaustedQuota the quota of the rows whose account has an operation or a quota after a slash */
export const createQuotaAccounts = (
  db: Database,
  vault: Pick<Vault, 'coder'>,
  exhaustedQuota: string,
): QuotaAccounts => {
  const move = async (hash: (account: string) => string): Promise<void> => {
    const { rows } = await db.execute(sql`
      SELECT DISTINCT provider, quota, account FROM quota_usage WHERE ${isCounted} AND ${isUnkeyedAccount}
    `);
    for (const { provider, quota, account } of rowsSchema.parse(rows)) {
      // A host that is exhausted is followed by the operation, or the quota, whose names have no slash.
      const slash = quota === exhaustedQuota ? account.lastIndexOf('/') : -1;
      const end = slash === -1 ? account.length : slash;
      const keyed = `${hash(account.slice(0, end))}${account.slice(end)}`;
      await db.execute(moved({ provider, quota, account }, keyed));
    }
    await db.execute(sql`DELETE FROM quota_leases WHERE lease_until < now() AND ${isUnkeyedAccount}`);
  };

  const readHash = onceSuccessful(async () => {
    const ofHash = await readHashing(vault, ownerOfHosts, 'quota account');
    const hash = (account: string) => ofHash(sha256(account));
    await move(hash);
    return hash;
  });
  return { nameOf: async (account) => (await readHash())(account) };
};

/** Adds what was counted to the keyed rows. The order of the rows is that of `reserve`, which prevents deadlocks with it. */
const moved = ({ provider, quota, account }: z.infer<typeof rowsSchema>[number], keyed: string): SQL => sql`
  WITH former AS (
    DELETE FROM quota_usage
    WHERE provider = ${provider} AND quota = ${quota} AND account = ${account} AND ${isCounted}
    RETURNING *
  )
  INSERT INTO quota_usage (provider, quota, account, organization, window_start, window_end, used)
  SELECT provider, quota, ${keyed}, organization, window_start, window_end, used FROM former
  ORDER BY window_start, organization DESC
  ON CONFLICT (provider, quota, account, window_start, organization)
  DO UPDATE SET used = quota_usage.used + excluded.used, window_end = greatest(quota_usage.window_end, excluded.window_end)
`;
