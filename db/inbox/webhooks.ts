import { randomUUID } from 'node:crypto';
import { and, asc, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type InboxEvent, inboxEventSchema } from '../../domain/inbox-event.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import { webhookInbox } from '../schema/webhook-inbox.ts';
import { millisecondsInterval } from '../time.ts';
import { type Vault } from '../vault/envelope-encryption.ts';
import { createBatchInsert, inboxChannel } from './batch-insert.ts';

export interface ClaimedWebhook {
  readonly id: string;
  readonly provider: string;
  readonly kind: string;
  readonly correlationId: string;
  /** How often it was claimed, this time included. */
  readonly attempts: number;
  /** How long ago it came, by the database's clock. */
  readonly ageMs: number;
  /** What was told; undefined where this version does not know such an event. Throws when it cannot be opened. */
  decrypt(): Promise<InboxEvent | undefined>;
}

export interface InboxEntry {
  readonly id: string;
  readonly provider: string;
  readonly kind: string;
  /** Why it is parked, or what became of it, as a code. */
  readonly reason: string | null;
  readonly correlationId: string;
  readonly attempts: number;
  readonly duplicates: number;
  readonly receivedAt: Date;
}

/** What outside services told us: stored before they are answered, told on at least once, each under its own id. */
export interface WebhookInbox {
  /** Once per provider and dedupe key. When this resolves the event is safe, and the relay has been woken. */
  receive(
    told: InboxEvent & {
      readonly provider: string;
      /** What makes two deliveries the same one, in the vendor's terms. */
      readonly dedupeKey: string;
      readonly correlationId: string;
    },
  ): Promise<'stored' | 'duplicate'>;
  /** Those that are due, the longest waiting first; nobody else gets them before the lease has run out. */
  claim(limit: number, leaseMs: number): Promise<readonly ClaimedWebhook[]>;
  /** It was told on, or need not be: `reason` says why. Whether it was still open. */
  markDelivered(id: string, reason?: string): Promise<boolean>;
  /** A person may look at it, and replay it. */
  park(id: string, reason: string): Promise<boolean>;
  retryLater(id: string, delayMs: number, reason: string): Promise<void>;
  /** The newest first. */
  listParked(page: {
    readonly limit: number;
    readonly provider?: string | undefined;
    readonly reason?: string | undefined;
  }): Promise<readonly InboxEntry[]>;
  find(
    id: string,
  ): Promise<
    | (InboxEntry & Pick<ClaimedWebhook, 'decrypt'> & { readonly state: 'received' | 'delivered' | 'parked' })
    | undefined
  >;
  /** Whether there was such a one, parked. */
  replay(id: string): Promise<boolean>;
  /** By provider: how many wait, since when the oldest does, and how many are parked. */
  lag(): Promise<
    readonly {
      readonly provider: string;
      readonly waiting: number;
      readonly oldestSeconds: number;
      readonly parked: number;
    }[]
  >;
}

/** One data key a month: what is old becomes unreadable with the key, and no key seals too much. */
const dataKeyIdOf = (now: Date): string =>
  `inbox:${now.getUTCFullYear()}-${String(now.getUTCMonth() + 1).padStart(2, '0')}`;

const sealingContextOf = (id: string): string => `webhook_inbox ${id}`;

/** A vendor's ids are short and plain. What is neither would not fit into an index, or not into PostgreSQL at all. */
const toStorableKey = (key: string): string =>
  /^[\x20-\x7e]{1,200}$/.test(key) ? key : `sha256:${sha256(key)}`;

/**
 * What was told to us, kept until it has been told on. Whoever settles a row that another process has settled changes
 * nothing: a lease that ran out leads to a second telling, never to a lost one.
 *
 * @param vault caches its data keys, so that sealing costs no round trip.
 */
export const createWebhookInbox = (
  db: Database,
  vault: Pick<Vault, 'seal' | 'open'>,
  now = () => new Date(),
): WebhookInbox => {
  const store = createBatchInsert(db);

  const readerOf =
    ({ id, kind, dataKey, sealedEvent }: Sealed): ClaimedWebhook['decrypt'] =>
    async () => {
      const event: unknown = JSON.parse(await vault.open(dataKey, sealedEvent, sealingContextOf(id)));
      return inboxEventSchema.safeParse({ kind, event }).data;
    };

  const end = async (id: string, set: Settlement): Promise<boolean> => {
    const { rowCount } = await db
      .update(webhookInbox)
      .set({ ...set, settledAt: sql`now()` })
      .where(and(eq(webhookInbox.id, id), eq(webhookInbox.state, 'received')));
    return rowCount === 1;
  };

  return {
    async receive({ provider, dedupeKey, kind, event, correlationId }) {
      const id = `whk_${randomUUID()}`;
      const dataKey = dataKeyIdOf(now());
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
          decrypt: readerOf({ id, kind, ...sealed }),
        }));
    },

    markDelivered: (id, reason) => end(id, { state: 'delivered', reason: reason ?? null }),
    park: (id, reason) => end(id, { state: 'parked', reason }),

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
            reason === undefined ? undefined : eq(webhookInbox.reason, reason),
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
      return { ...found, decrypt: readerOf({ id, kind: row.kind, dataKey, sealedEvent }) };
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
  | { readonly state: 'parked'; readonly reason: string };

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
