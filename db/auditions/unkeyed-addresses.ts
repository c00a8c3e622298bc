/** Keys the hashes of email addresses that an earlier version has stored. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { organizationIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { isUnkeyedHash } from '../schema/unkeyed-hashes.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { createKeyedAddresses } from './address-hashes.ts';

export interface UnkeyedAddresses {
  /** Keys all of them. Idempotent. Until then, they are found by either form. */
  key(): Promise<void>;
}

const batchSize = 500;
const rowsSchema = z.array(z.object({ organization: organizationIdSchema, address: z.string() }));

/** Creates the repository. */
export const createUnkeyedAddresses = (db: Database, vault: Pick<Vault, 'code'>): UnkeyedAddresses => {
  const hashes = createKeyedAddresses(vault);

  /** An address can have a suppression in both forms. The keyed one is the later one, and stays. */
  const replace = (organization: string, unkeyed: string, keyed: string): Promise<void> =>
    db.transaction(async (tx) => {
      await tx.execute(sql`
        UPDATE deliveries SET address = ${keyed} WHERE organization = ${organization} AND address = ${unkeyed}
      `);
      await tx.execute(sql`
        WITH former AS (
          DELETE FROM suppressions WHERE organization = ${organization} AND address = ${unkeyed} RETURNING *
        )
        INSERT INTO suppressions (organization, address, reason, delivery_id, created_at)
        SELECT organization, ${keyed}, reason, delivery_id, created_at FROM former
        ON CONFLICT (organization, address) DO NOTHING
      `);
    });

  const nextBatch = async () => {
    const { rows } = await db.execute(sql`
      SELECT organization, address FROM deliveries WHERE ${isUnkeyedHash(sql`address`)}
      UNION SELECT organization, address FROM suppressions WHERE ${isUnkeyedHash(sql`address`)}
      LIMIT ${batchSize}
    `);
    return rowsSchema.parse(rows);
  };

  return {
    async key() {
      for (;;) {
        const batch = await nextBatch();
        for (const { organization, address } of batch)
          await replace(organization, address, await hashes.of(organization, address));
        if (batch.length < batchSize) return;
      }
    },
  };
};
