import { and, eq, isNull, sql } from 'drizzle-orm';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { idempotentRequests as requests } from '../schema/idempotent-requests.ts';

/** Stores the responses to requests with an `Idempotency-Key`. */
export interface IdempotentRequests {
  /**
   * Claims the key for a request.
   * - `new`: run the request. An unfinished earlier request can run again, because everything it starts is idempotent.
   *   Only the first request under the key gets a `claim`.
   * - `other_request`: the key belongs to a request with another hash.
   * - `answered`: return the stored response.
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
  /** Stores the response. The first stored response stays. */
  storeResponse(
    organization: OrganizationId,
    key: string,
    answer: { readonly status: number; readonly body: unknown },
  ): Promise<void>;
  /**
   * Deletes the key of a request without effect, so that a changed request can use the key. Does nothing when another
   * request has begun under the key since: that request may be having its effect now.
   */
  discard(organization: OrganizationId, key: string, claim: string): Promise<void>;
}

/**
 * Creates the repository of idempotent requests. `begin` inserts the row or reads the existing one in one statement.
 * Of several simultaneous calls, one inserts the row, and all get the same row. A key with a response cannot be
 * discarded.
 *
 * The claim is the row's version, PostgreSQL's `xmin`. Every other `begin` writes the row and so invalidates the claim.
 * `xmax` is 0 in a row that this statement has inserted.
 */
export const createIdempotentRequests = (db: Database): IdempotentRequests => ({
  async begin({ organization, key, requestHash }) {
    const [row] = await db
      .insert(requests)
      .values({ organization, key, requestHash })
      // Changes nothing. Makes the statement wait for a concurrent insert and return the existing row.
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
