/**
 * Computes the account references of connections that an earlier version has stored, or another master key, and keys the hashes
 * that an earlier version has stored.
 */
import { and, asc, eq, gt, isNull, ne, notLike, or } from 'drizzle-orm';
import { connectionIdSchema, organizationIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { connections } from '../schema/connections.ts';
import { isUnkeyedHash } from '../schema/unkeyed-hashes.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { createKeyedAccounts } from './account-hashes.ts';
import type { AccountReferences } from './account-references.ts';
import { erasedAccount } from './connect-account.ts';
import { createConnectionSecrets } from './secrets.ts';

const batchSize = 100;

export interface MissingReferences {
  /**
   * Computes the references that are missing. Idempotent. Skips connections whose account cannot be decrypted: their
   * grants cannot be used either.
   * @param onUnreadable receives the connections that were skipped
   */
  complete(onUnreadable: (connection: string, error: unknown) => void): Promise<void>;
}

/** Creates the repository. */
export const createMissingReferences = (
  db: Database,
  vault: Vault,
  references: AccountReferences,
): MissingReferences => {
  const secrets = createConnectionSecrets(vault);
  const readBatch = (after: string) =>
    db
      .select({
        id: connections.id,
        organization: connections.organization,
        provider: connections.provider,
        version: connections.version,
        sealedAccount: connections.sealedAccount,
      })
      .from(connections)
      .where(
        and(
          gt(connections.id, after),
          ne(connections.status, 'disconnected'),
          ne(connections.sealedAccount, erasedAccount),
          or(
            isNull(connections.providerAccount),
            notLike(connections.providerAccount, `${references.newestKeyId.replaceAll('_', '\\_')}:%`),
          ),
        ),
      )
      .orderBy(asc(connections.id))
      .limit(batchSize);
  const complete = async (
    row: Awaited<ReturnType<typeof readBatch>>[number],
    onUnreadable: (connection: string, error: unknown) => void,
  ): Promise<void> => {
    const of = {
      id: connectionIdSchema.parse(row.id),
      organization: organizationIdSchema.parse(row.organization),
    };
    try {
      const account = await secrets.account.open(of, row.sealedAccount);
      await db
        .update(connections)
        .set({ providerAccount: references.of(row.provider, account.id) })
        .where(and(eq(connections.id, row.id), eq(connections.sealedAccount, row.sealedAccount)));
    } catch (error) {
      onUnreadable(row.id, error);
    }
  };
  const hashes = createKeyedAccounts(vault);
  const keyHashes = async (onUnreadable: (connection: string, error: unknown) => void): Promise<void> => {
    const rows = await db
      .select({
        id: connections.id,
        organization: connections.organization,
        hash: connections.accountReference,
      })
      .from(connections)
      .where(isUnkeyedHash(connections.accountReference));
    for (const { id, organization, hash } of rows) {
      if (hash === null) continue;
      try {
        const accountReference = await hashes.of(organizationIdSchema.parse(organization), hash);
        await db
          .update(connections)
          .set({ accountReference })
          .where(and(eq(connections.id, id), eq(connections.accountReference, hash)));
      } catch (error) {
        onUnreadable(id, error);
      }
    }
  };
  return {
    async complete(onUnreadable) {
      await keyHashes(onUnreadable);
      let after = '';
      for (;;) {
        const rows = await readBatch(after);
        for (const row of rows) await complete(row, onUnreadable);
        const last = rows.at(-1);
        if (!last) return;
        after = last.id;
      }
    },
  };
};
