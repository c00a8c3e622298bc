import { and, eq, isNull, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { auditionIdSchema, type OrganizationId } from '../../domain/ids.ts';
import { auditionDataKeyIn } from '../../domain/workflow-ids.ts';
import { NotAuthentic } from '../../foundation/encryption/aes-gcm.ts';
import type { Database } from '../client.ts';
import { idempotentRequests as requests } from '../schema/idempotent-requests.ts';
import { DataKeyDestroyed, type Vault } from '../vault/envelope-encryption.ts';

/**
 * A command that was accepted before its result was known. The result is found in the trail: the facts of the command
 * follow `after` and carry its correlation id.
 */
const acceptedCommandSchema = z.object({
  /** The sequence of the trail's last event before the command. */
  after: z.int(),
  correlationId: z.string(),
});
export type AcceptedCommand = z.infer<typeof acceptedCommandSchema>;

/** Stores the responses to requests with an `Idempotency-Key`. */
export interface IdempotentRequests {
  /**
   * Claims the key for a request.
   * - `new`: run the request. An unfinished earlier request can run again, because everything it starts is idempotent.
   *   Only the first request under the key gets a `claim`. `accepted` is set when an earlier request was accepted.
   * - `other_request`: the key belongs to a request with another hash.
   * - `answered`: return the stored response.
   * - `erased`: there was a response, and a person of its audition was erased since.
   */
  begin(request: {
    readonly organization: OrganizationId;
    readonly key: string;
    readonly requestHash: string;
  }): Promise<
    | {
        readonly kind: 'new';
        readonly claim?: string | undefined;
        readonly accepted?: AcceptedCommand | undefined;
      }
    | { readonly kind: 'other_request' }
    | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
    | { readonly kind: 'erased' }
  >;
  /** Stores that the command was accepted, until its response is stored. */
  markAccepted(organization: OrganizationId, key: string, accepted: AcceptedCommand): Promise<void>;
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
export const createIdempotentRequests = (
  db: Database,
  vault: Pick<Vault, 'seal' | 'open'>,
): IdempotentRequests => ({
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
    if (row.status === acceptedStatus) {
      return { kind: 'new', accepted: acceptedCommandSchema.parse(row.body) };
    }
    return openResponse(vault, { organization, key }, row.status, row.body);
  },

  async markAccepted(organization, key, accepted) {
    await db
      .update(requests)
      .set({ status: acceptedStatus, body: accepted })
      .where(and(isOf(organization, key), isNull(requests.status)));
  },

  async storeResponse(organization, key, { status, body }) {
    const isUnanswered = or(isNull(requests.status), eq(requests.status, acceptedStatus));
    const sealed = await sealResponse(vault, { organization, key }, body);
    await db
      .update(requests)
      .set({ status, body: sealed })
      .where(and(isOf(organization, key), isUnanswered));
  },

  async discard(organization, key, claim) {
    await db
      .delete(requests)
      .where(and(isOf(organization, key), isNull(requests.status), sql`xmin::text = ${claim}`));
  },
});

interface RequestKey {
  readonly organization: OrganizationId;
  readonly key: string;
}

/** Replaces a stored response that is too old. */
export const erasedResponse = { dataKey: '', sealed: '' };

const sealedResponseSchema = z.strictObject({ dataKey: z.string(), sealed: z.string() });
const auditionSchema = z.object({ id: auditionIdSchema });

const contextOf = ({ organization, key }: RequestKey): string => `idempotent_requests ${organization} ${key}`;

/** Seals the response under the data key of its audition: it contains the room and the reasons. */
const sealResponse = async (vault: Pick<Vault, 'seal'>, of: RequestKey, body: unknown) => {
  const audition = auditionSchema.safeParse(body).data?.id;
  const dataKey =
    auditionDataKeyIn(audition === undefined ? of.key : `/${audition}`) ?? `responses:${of.organization}`;
  const text = JSON.stringify(body ?? null);
  try {
    return { dataKey, sealed: await vault.seal(dataKey, text, contextOf(of)) };
  } catch (error) {
    if (error instanceof DataKeyDestroyed) return { dataKey, sealed: '' };
    throw error;
  }
};

/** Responses of an earlier version are not sealed. */
const openResponse = async (vault: Pick<Vault, 'open'>, of: RequestKey, status: number, stored: unknown) => {
  const response = sealedResponseSchema.safeParse(stored).data;
  if (!response) return { kind: 'answered', status, body: stored } as const;
  try {
    const body: unknown = JSON.parse(await vault.open(response.dataKey, response.sealed, contextOf(of)));
    return { kind: 'answered', status, body } as const;
  } catch (error) {
    if (error instanceof NotAuthentic) return { kind: 'erased' } as const;
    throw error;
  }
};

/** Marks a command that was accepted. A 202 is never a final response. */
const acceptedStatus = 202;

const isOf = (organization: OrganizationId, key: string) =>
  and(eq(requests.organization, organization), eq(requests.key, key));
