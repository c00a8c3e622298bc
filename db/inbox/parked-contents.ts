/**
 * The contents of parked webhooks, which are kept for months. Each is sealed under a data key of its own, so that an erasure makes
 * one of them unreadable in backups too, and leaves the others.
 */
import { and, eq, sql } from 'drizzle-orm';
import { type InboxEvent, inboxEventSchema } from '../../domain/inbox-event.ts';
import { NotAuthentic } from '../../foundation/encryption/aes-gcm.ts';
import type { Database } from '../client.ts';
import { webhookInbox } from '../schema/webhook-inbox.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { parkedKeyId } from '../vault/period-keys.ts';

/** A parked webhook. The event is undefined when this version cannot read it. */
export interface ParkedWebhook {
  readonly provider: string;
  readonly event: InboxEvent | undefined;
}

export interface ParkedContents {
  /** Seals those that an earlier version has parked under keys of their own. Idempotent. */
  separate(): Promise<void>;
  /**
   * Erases the contents that `concerns` returns true for, in backups too. Their rows stay, so that a repeated webhook is
   * recognized. Returns how many. Idempotent.
   */
  erase(concerns: (webhook: ParkedWebhook) => Promise<boolean>): Promise<number>;
}

export interface SealedContent {
  readonly id: string;
  readonly dataKey: string;
  readonly sealedEvent: string;
}

/** Binds a sealed event to its row. */
export const sealingContextOf = (id: string): string => `webhook_inbox ${id}`;

/** The reason in the rows whose content was erased. */
const erasedReason = 'erased';

/** Returns the content under a key of its own. One that is unreadable or deleted stays as it is. */
export const sealApart = async (
  vault: Pick<Vault, 'seal' | 'open'>,
  { id, dataKey, sealedEvent }: SealedContent,
  now: Date,
): Promise<Omit<SealedContent, 'id'>> => {
  if (sealedEvent === '' || dataKey.endsWith(`:${id}`)) return { dataKey, sealedEvent };
  const context = sealingContextOf(id);
  try {
    const event = await vault.open(dataKey, sealedEvent, context);
    const own = parkedKeyId(now, id);
    return { dataKey: own, sealedEvent: await vault.seal(own, event, context) };
  } catch (error) {
    if (error instanceof NotAuthentic) return { dataKey, sealedEvent };
    throw error;
  }
};

const batchSize = 200;

/** Creates the repository. */
export const createParkedContents = (
  db: Database,
  vault: Pick<Vault, 'seal' | 'open' | 'destroy'>,
  now = () => new Date(),
): ParkedContents => {
  const columns = {
    id: webhookInbox.id,
    provider: webhookInbox.provider,
    kind: webhookInbox.kind,
    dataKey: webhookInbox.dataKey,
    sealedEvent: webhookInbox.sealedEvent,
  };

  /** Calls back for each parked webhook with a content, in the order of ids. */
  const forEach = async (handle: (row: Row) => Promise<void>): Promise<void> => {
    for (let last = ''; ; ) {
      const rows = await db
        .select(columns)
        .from(webhookInbox)
        .where(
          sql`${webhookInbox.state} = 'parked' AND ${webhookInbox.dataKey} <> '' AND ${webhookInbox.id} > ${last}`,
        )
        .orderBy(webhookInbox.id)
        .limit(batchSize);
      for (const row of rows) await handle(row);
      const end = rows.at(-1);
      if (!end || rows.length < batchSize) return;
      last = end.id;
    }
  };

  /** Changes a row, unless an operator has replayed the webhook meanwhile. Returns whether it was changed. */
  const change = async (
    { id, dataKey }: Row,
    set: Partial<typeof webhookInbox.$inferInsert>,
  ): Promise<boolean> => {
    const { rowCount } = await db
      .update(webhookInbox)
      .set(set)
      .where(
        and(eq(webhookInbox.id, id), eq(webhookInbox.state, 'parked'), eq(webhookInbox.dataKey, dataKey)),
      );
    return rowCount === 1;
  };

  const eventOf = async ({ id, kind, dataKey, sealedEvent }: Row): Promise<InboxEvent | undefined> => {
    try {
      const event: unknown = JSON.parse(await vault.open(dataKey, sealedEvent, sealingContextOf(id)));
      return inboxEventSchema.safeParse({ kind, event }).data;
    } catch (error) {
      if (error instanceof NotAuthentic) return undefined;
      throw error;
    }
  };

  return {
    separate: () =>
      forEach(async (row) => {
        const sealed = await sealApart(vault, row, now());
        if (sealed.dataKey !== row.dataKey) await change(row, sealed);
      }),

    async erase(concerns) {
      let erased = 0;
      await forEach(async (row) => {
        if (!(await concerns({ provider: row.provider, event: await eventOf(row) }))) return;
        const set = { state: 'delivered', reason: erasedReason, sealedEvent: '', dataKey: '' } as const;
        if (!(await change(row, set))) return;
        erased += 1;
        if (row.dataKey.endsWith(`:${row.id}`)) await vault.destroy(row.dataKey);
      });
      return erased;
    },
  };
};

interface Row extends SealedContent {
  readonly provider: string;
  readonly kind: string;
}
