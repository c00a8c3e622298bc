/** Keys the hashes of hosts that an earlier version has stored. */
import { eq } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { meetingHostClaims } from '../schema/meeting-host-claims.ts';
import { isUnkeyedHash } from '../schema/unkeyed-hashes.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { createKeyedHosts, ownerOfHosts } from './host-hashes.ts';

export interface UnkeyedHosts {
  /** Keys all of them. Idempotent. Until then, a claim considers either form. */
  key(): Promise<void>;
}

const batchSize = 500;

/** Creates the repository. */
export const createUnkeyedHosts = (db: Database, vault: Pick<Vault, 'code'>): UnkeyedHosts => {
  const hashes = createKeyedHosts(vault);
  const nextBatch = () =>
    db
      .selectDistinct({ host: meetingHostClaims.host })
      .from(meetingHostClaims)
      .where(isUnkeyedHash(meetingHostClaims.host))
      .limit(batchSize);
  return {
    async key() {
      for (;;) {
        const batch = await nextBatch();
        // The claims of one host do not conflict with each other in either form, so the exclusion constraint holds after the change too.
        for (const { host } of batch)
          await db
            .update(meetingHostClaims)
            .set({ host: await hashes.of(ownerOfHosts, host) })
            .where(eq(meetingHostClaims.host, host));
        if (batch.length < batchSize) return;
      }
    },
  };
};
