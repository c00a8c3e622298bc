import { randomUUID } from 'node:crypto';
import { and, asc, desc, eq, inArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type InboxEvent, inboxEventSchema } from '../../domain/inbox-event.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import { webhookInbox } from '../schema/webhook-inbox.ts';
import { millisecondsInterval } from '../time.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { inboxKeyId } from '../vault/period-keys.ts';
import { createBatchInsert, inboxChannel } from './batch-insert.ts';
import { sealApart, sealingContextOf } from './parked-contents.ts';

/** The parked reason of a webhook that could not be delivered within the retry period. */
export const deliveryFailedReason = 'delivery_failed';
/** The name of the same reason in rows of earlier versions. */
const earlierDeliveryFailedReason = 'gave_up';

export interface ClaimedWebhook {
  readonly id: string;
  readonly provider: string;
  readonly kind: string;
  readonly correlationId: string;
  /** Number of claims, including this one. */
  readonly attempts: number;
  /** Milliseconds since it was received, by the database's clock. */
  readonly ageMs: number;
  /**
   * Decrypts the event. Undefined when this version does not know the kind of event.
   * @throws the errors of `Vault.open`.
   */
  decrypt(): Promise<InboxEvent | undefined>;
}

export interface InboxEntry {
  readonly id: string;
  readonly provider: string;
  readonly kind: string;
  /** Code of the reason for parking, delivery without recipient, or the last retry. */
  readonly reason: string | null;
  readonly correlationId: string;
  readonly attempts: number;
  readonly duplicates: number;
  readonly receivedAt: Date;
}

/** The inbox of vendors' webhooks. A webhook is stored before the response and delivered at least once under its id. */
export interface WebhookInbox {
  /**
   * Stores a webhook and wakes the relay. Resolves after the commit. Idempotent by provider and dedupe key.
   */
  receive(
    webhook: InboxEvent & {
      readonly provider: string;
      /** The vendor's id of the webhook. Two webhooks with the same key are duplicates. */
      readonly dedupeKey: string;
      readonly correlationId: string;
    },
  ): Promise<'stored' | 'duplicate'>;
  /**
   * Claims due webhooks, the longest waiting first. No other process can claim them before the lease expires.
   * @param leaseMs duration of the lease, in milliseconds.
   */
  claim(limit: number, leaseMs: number): Promise<readonly ClaimedWebhook[]>;
  /**
   * Marks a webhook as delivered. `reason` is set when no recipient needed it. Returns false when it was settled before.
   */
  markDelivered(id: string, reason?: string): Promise<boolean>;
  /** Parks a webhook until an operator replays it. Returns false when it was settled before. */
  park(id: string, reason: string): Promise<boolean>;
  /** Makes the webhook due again after `delayMs`. Does nothing when it was settled. */
  retryLater(id: string, delayMs: number, reason: string): Promise<void>;
  /** Returns parked webhooks, the newest first. */
  listParked(page: {
    readonly limit: number;
    readonly provider?: string | undefined;
    readonly reason?: string | undefined;
  }): Promise<readonly InboxEntry[]>;
  /** Returns a webhook in any state; undefined for an unknown id. */
  find(
    id: string,
  ): Promise<
    | (InboxEntry & Pick<ClaimedWebhook, 'decrypt'> & { readonly state: 'received' | 'delivered' | 'parked' })
    | undefined
  >;
  /** Makes a parked webhook due immediately and wakes the relay. Returns false when no parked webhook has this id. */
  replay(id: string): Promise<boolean>;
  /** Returns for each provider the number of waiting webhooks, the age of the oldest, and the number of parked ones. */
  lag(): Promise<
    readonly {
      readonly provider: string;
      readonly waiting: number;
      readonly oldestSeconds: number;
      readonly parked: number;
    }[]
  >;
}

const deliveryFailedNames = [deliveryFailedReason, earlierDeliveryFailedReason];

/** All stored names of a parked reason. */
const namesOfReason = (reason: string): string[] =>
  deliveryFailedNames.includes(reason) ? deliveryFailedNames : [reason];

const whileWaiting = 'while-waiting:';

/** Returns a dedupe key that applies until the webhook is claimed. A later one with the same key is stored. */
export const keyWhileWaiting = (key: string): string => `${whileWaiting}${sha256(key)}`;

/** Hashes ids that are long or not printable ASCII: they would not fit into the index, or contain a NUL. */
const toStorableKey = (key: string): string =>
  /^[\x20-\x7e]{1,200}$/.test(key) ? key : `sha256:${sha256(key)}`;

/**
 * Creates the inbox. Settling a row that another process has settled changes nothing. So an expired lease can cause a
 * second delivery, but never a lost one.
 *
 * @param vault must cache its data keys. Then sealing costs no round trip.
 */
export const createWebhookInbox = (
  db: Database,
  vault: Pick<Vault, 'seal' | 'open'>,
  now = () => new Date(),
): WebhookInbox => {
  const store = createBatchInsert(db);

  const decrypterOf =
    ({ id, kind, dataKey, sealedEvent }: Sealed): ClaimedWebhook['decrypt'] =>
    async () => {
      // Deleted after the delivery.
      if (sealedEvent === '') return undefined;
      const event: unknown = JSON.parse(await vault.open(dataKey, sealedEvent, sealingContextOf(id)));
      return inboxEventSchema.safeParse({ kind, event }).data;
    };

  const settle = async (id: string, set: Settlement): Promise<boolean> => {
    const { rowCount } = await db
      .update(webhookInbox)
      .set({ ...set, settledAt: sql`now()` })
      .where(and(eq(webhookInbox.id, id), eq(webhookInbox.state, 'received')));
    return rowCount === 1;
  };

  return {
    async receive({ provider, dedupeKey, kind, event, correlationId }) {
      const id = `whk_${randomUUID()}`;
      const dataKey = inboxKeyId(now());
      const sealedEvent = await vault.seal(dataKey, JSON.stringify(event), sealingContextOf(id));
      const row = {
        id,
        provider,
        dedupeKey: toStorableKey(dedupeKey),
        kind,
        sealedEvent,
        dataKey,
        correlationId,
      };
      return (await store(row)) ? 'stored' : 'duplicate';
    },

    async claim(limit, leaseMs) {
      const { rows } = await db.execute(sql`
        UPDATE webhook_inbox SET
          attempts = attempts + 1,
          dedupe_key = CASE WHEN starts_with(dedupe_key, ${whileWaiting}) THEN 'claimed:' || id ELSE dedupe_key END,
          next_attempt_at = now() + ${millisecondsInterval(leaseMs)}
        WHERE id IN (
          SELECT id FROM webhook_inbox WHERE state = 'received' AND next_attempt_at <= now()
          ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
        )
        RETURNING id, provider, kind, sealed_event, data_key, correlation_id, attempts,
          (extract(epoch FROM now() - received_at) * 1000)::float8 AS age_ms
      `);
      return claimedSchema
        .parse(rows)
        .toSorted((a, b) => b.ageMs - a.ageMs)
        .map(({ id, provider, kind, correlationId, attempts, ageMs, ...sealed }) => ({
          id,
          provider,
          kind,
          correlationId,
          attempts,
          ageMs,
          decrypt: decrypterOf({ id, kind, ...sealed }),
        }));
    },

    markDelivered: (id, reason) => settle(id, { state: 'delivered', reason: reason ?? null }),

    async park(id, reason) {
      const [row] = await db
        .select({ dataKey: webhookInbox.dataKey, sealedEvent: webhookInbox.sealedEvent })
        .from(webhookInbox)
        .where(and(eq(webhookInbox.id, id), eq(webhookInbox.state, 'received')));
      return (
        row !== undefined &&
        settle(id, { state: 'parked', reason, ...(await sealApart(vault, { id, ...row }, now())) })
      );
    },

    async retryLater(id, delayMs, reason) {
      await db
        .update(webhookInbox)
        .set({ nextAttemptAt: inMilliseconds(delayMs), reason })
        .where(and(eq(webhookInbox.id, id), eq(webhookInbox.state, 'received')));
    },

    async listParked({ limit, provider, reason }) {
      return db
        .select(summaryColumns)
        .from(webhookInbox)
        .where(
          and(
            eq(webhookInbox.state, 'parked'),
            provider === undefined ? undefined : eq(webhookInbox.provider, provider),
            reason === undefined ? undefined : inArray(webhookInbox.reason, namesOfReason(reason)),
          ),
        )
        .orderBy(desc(webhookInbox.receivedAt), asc(webhookInbox.id))
        .limit(limit);
    },

    async find(id) {
      const [row] = await db
        .select({
          ...summaryColumns,
          state: webhookInbox.state,
          dataKey: webhookInbox.dataKey,
          sealedEvent: webhookInbox.sealedEvent,
        })
        .from(webhookInbox)
        .where(eq(webhookInbox.id, id));
      if (!row) return undefined;
      const { dataKey, sealedEvent, ...found } = row;
      return { ...found, decrypt: decrypterOf({ id, kind: row.kind, dataKey, sealedEvent }) };
    },

    async replay(id) {
      const { rowCount } = await db.execute(sql`
        WITH replayed AS (
          UPDATE webhook_inbox SET
            state = 'received', reason = NULL, attempts = 0, next_attempt_at = now(), settled_at = NULL
          WHERE id = ${id} AND state = 'parked' RETURNING id
        ) SELECT pg_notify(${inboxChannel}, '') FROM replayed
      `);
      return rowCount === 1;
    },

    async lag() {
      const { rows } = await db.execute(sql`
        SELECT provider,
          (count(*) FILTER (WHERE state = 'received'))::int AS waiting,
          (count(*) FILTER (WHERE state = 'parked'))::int AS parked,
          coalesce(extract(epoch FROM now() - min(received_at) FILTER (WHERE state = 'received')), 0)::float8
            AS "oldestSeconds"
        FROM webhook_inbox WHERE state IN ('received', 'parked') GROUP BY provider ORDER BY provider
      `);
      return lagSchema.parse(rows);
    },
  };
};

interface Sealed {
  readonly id: string;
  readonly kind: string;
  readonly dataKey: string;
  readonly sealedEvent: string;
}

type Settlement =
  | { readonly state: 'delivered'; readonly reason: string | null }
  | ({ readonly state: 'parked'; readonly reason: string } & Pick<Sealed, 'dataKey' | 'sealedEvent'>);

const inMilliseconds = (delayMs: number) =>
  sql<Instant>`now() + ${millisecondsInterval(Math.round(delayMs))}`;

const claimedSchema = z.array(
  z
    .object({
      id: z.string(),
      provider: z.string(),
      kind: z.string(),
      sealed_event: z.string(),
      data_key: z.string(),
      correlation_id: z.string(),
      attempts: z.int(),
      age_ms: z.number(),
    })
    .transform(({ sealed_event, data_key, correlation_id, age_ms, ...row }) => ({
      ...row,
      sealedEvent: sealed_event,
      dataKey: data_key,
      correlationId: correlation_id,
      ageMs: age_ms,
    })),
);

const summaryColumns = {
  id: webhookInbox.id,
  provider: webhookInbox.provider,
  kind: webhookInbox.kind,
  reason: webhookInbox.reason,
  correlationId: webhookInbox.correlationId,
  attempts: webhookInbox.attempts,
  duplicates: webhookInbox.duplicates,
  receivedAt: webhookInbox.receivedAt,
};

const lagSchema = z.array(
  z.object({ provider: z.string(), waiting: z.int(), parked: z.int(), oldestSeconds: z.number() }),
);
