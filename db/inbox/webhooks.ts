import { randomUUID } from 'node:crypto';
import { and, asc, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { inboxEventSchema } from '../../domain/inbox-event.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import type { ClaimedWebhook, WebhookInbox } from '../inbox-contract.ts';
import { webhookInbox } from '../schema/webhook-inbox.ts';
import { createIntake, inboxChannel } from './batch-insert.ts';

/** The part of the vault that is needed here. Its data keys are cached, so that sealing costs no round trip. */
interface Sealing {
  seal(dataKeyId: string, plaintext: string, place: string): Promise<string>;
  open(dataKeyId: string, sealed: string, place: string): Promise<string>;
}

/** One data key a month: what is old becomes unreadable with the key, and no key seals too much. */
const dataKeyOf = (now: Date): string =>
  `inbox:${now.getUTCFullYear()}-${String(now.getUTCMonth() + 1).padStart(2, '0')}`;

const placeOf = (id: string): string => `webhook_inbox ${id}`;

/** A vendor's ids are short and plain. What is neither would not fit into an index, or not into PostgreSQL at all. */
const storableKey = (key: string): string =>
  /^[\x20-\x7e]{1,200}$/.test(key) ? key : `sha256:${sha256(key)}`;

/**
 * What was told to us, kept until it has been told on. Whoever settles a row that another process has settled changes
 * nothing: a lease that ran out leads to a second telling, never to a lost one.
 */
export const createWebhookInbox = (db: Database, vault: Sealing, now = () => new Date()): WebhookInbox => {
  const store = createIntake(db);

  const readerOf =
    ({ id, kind, dataKey, sealedEvent }: Sealed): ClaimedWebhook['read'] =>
    async () => {
      const event: unknown = JSON.parse(await vault.open(dataKey, sealedEvent, placeOf(id)));
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
      const dataKey = dataKeyOf(now());
      const sealedEvent = await vault.seal(dataKey, JSON.stringify(event), placeOf(id));
      const row = {
        id,
        provider,
        dedupeKey: storableKey(dedupeKey),
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
          next_attempt_at = now() + ${leaseMs} * interval '1 millisecond'
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
          read: readerOf({ id, kind, ...sealed }),
        }));
    },

    settle: (id, reason) => end(id, { state: 'delivered', reason: reason ?? null }),
    park: (id, reason) => end(id, { state: 'parked', reason }),

    async retryLater(id, delayMs, reason) {
      await db
        .update(webhookInbox)
        .set({ nextAttemptAt: inMilliseconds(delayMs), reason })
        .where(and(eq(webhookInbox.id, id), eq(webhookInbox.state, 'received')));
    },

    async parked({ limit, provider, reason }) {
      return db
        .select(summary)
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
          ...summary,
          state: webhookInbox.state,
          dataKey: webhookInbox.dataKey,
          sealedEvent: webhookInbox.sealedEvent,
        })
        .from(webhookInbox)
        .where(eq(webhookInbox.id, id));
      if (!row) return undefined;
      const { dataKey, sealedEvent, ...found } = row;
      return { ...found, read: readerOf({ id, kind: row.kind, dataKey, sealedEvent }) };
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
  sql<Instant>`now() + ${Math.round(delayMs)} * interval '1 millisecond'`;

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

const summary = {
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
