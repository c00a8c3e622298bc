import { and, eq, isNull, sql } from 'drizzle-orm';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { idempotentRequests as requests } from '../schema/idempotent-requests.ts';

/** Answers to requests that carried an `Idempotency-Key`. */
export interface IdempotentRequests {
  /**
   * `new`: go on (an unfinished earlier one may be run again, since what it starts is idempotent itself). Whoever is
   * the first to bring the key gets a claim to it.
   */
  begin(request: {
    readonly organization: OrganizationId;
    readonly key: string;
    readonly requestHash: string;
  }): Promise<
    | { readonly kind: 'new'; readonly claim?: string | undefined }
    | { readonly kind: 'other_request' }
    | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  >;
  storeResponse(
    organization: OrganizationId,
    key: string,
    answer: { readonly status: number; readonly body: unknown },
  ): Promise<void>;
  /**
   * The request had no effect and may be sent again, changed. Nothing is forgotten once anybody else has begun under
   * the key: their request may be having its effect now.
   */
  discard(organization: OrganizationId, key: string, claim: string): Promise<void>;
}

/**
 * `begin` claims the key or reads who has it, in one statement: of many at once, one writes the row and all see the
 * same. The first answer stands, and an answered key cannot be forgotten.
 *
 * The claim is the row's version, PostgreSQL's `xmin`: every other `begin` writes the row and so makes it void. `xmax`
 * is 0 in a row that this very statement has inserted.
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
      .returning({
        requestHash: requests.requestHash,
        status: requests.status,
        body: requests.body,
        isFirst: sql<boolean>`xmax = 0`,
        version: sql<string>`xmin::text`,
      });
    if (!row) throw new Error('an upsert without a condition returned no row');
    if (row.requestHash !== requestHash) return { kind: 'other_request' };
    if (row.status === null) return { kind: 'new', claim: row.isFirst ? row.version : undefined };
    return { kind: 'answered', status: row.status, body: row.body };
  },

  async storeResponse(organization, key, { status, body }) {
    await db.update(requests).set({ status, body }).where(unanswered(organization, key));
  },

  async discard(organization, key, claim) {
    await db.delete(requests).where(and(unanswered(organization, key), sql`xmin::text = ${claim}`));
  },
});

const unanswered = (organization: OrganizationId, key: string) =>
  and(eq(requests.organization, organization), eq(requests.key, key), isNull(requests.status));
