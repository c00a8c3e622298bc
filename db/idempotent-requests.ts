import { and, eq, isNull, sql } from 'drizzle-orm';
import type { OrganizationId } from '../domain/ids.ts';
import type { Database } from './connection.ts';
import type { IdempotentRequests } from './repositories.ts';
import { idempotentRequests as requests } from './schema/idempotent-requests.ts';

/**
 * `begin` claims the key or reads who has it, in one statement: of many at once, one writes the row and all see the
 * same. The first answer stands, and an answered key cannot be forgotten.
 */
export const createIdempotentRequests = (db: Database): IdempotentRequests => ({
  async begin({ organization, key, requestHash }) {
    const [row] = await db
      .insert(requests)
      .values({ organization, key, requestHash })
      // Changes nothing, but makes the statement wait for a concurrent insert and return the row that is there.
      .onConflictDoUpdate({
        target: [requests.organization, requests.key],
        set: { requestHash: sql`${requests.requestHash}` },
      })
      .returning();
    if (!row) throw new Error('an upsert without a condition returned no row');
    if (row.requestHash !== requestHash) return { kind: 'other_request' };
    if (row.status === null) return { kind: 'new' };
    return { kind: 'answered', status: row.status, body: row.body };
  },

  async answer(organization, key, { status, body }) {
    await db.update(requests).set({ status, body }).where(unanswered(organization, key));
  },

  async forget(organization, key) {
    await db.delete(requests).where(unanswered(organization, key));
  },
});

const unanswered = (organization: OrganizationId, key: string) =>
  and(eq(requests.organization, organization), eq(requests.key, key), isNull(requests.status));
