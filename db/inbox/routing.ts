import { and, eq, ne, sql } from 'drizzle-orm';
import {
  type AuditionId,
  auditionIdSchema,
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { accountReferenceOf } from '../connections/connect-account.ts';
import { attentionItems } from '../schema/attention-items.ts';
import { connections } from '../schema/connections.ts';
import { operations } from '../schema/operations.ts';

interface AccountConnection {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
  readonly isConnected: boolean;
  readonly connectedAt: Instant;
}

/** Whom it concerns what we are told from outside, where the telling does not say so itself. */
export interface InboxRouting {
  /** The audition that a provider's meeting was made for. */
  auditionOfMeeting(provider: string, meetingId: string): Promise<AuditionId | undefined>;
  /** Those with an open attention item that waits for this connection to be connected again. */
  auditionsWaitingFor(organization: OrganizationId, connection: ConnectionId): Promise<readonly AuditionId[]>;
  /** The connections, of any organization, of one account at a provider, but for those that are disconnected. */
  connectionsOfAccount(provider: string, accountId: string): Promise<readonly AccountConnection[]>;
}

/** A key of the ledger begins with the id of its workflow. */
const auditionOf = (key: string) => auditionIdSchema.safeParse(/^audition\/([^:]+):/.exec(key)?.[1]).data;

/** Looks up, and changes nothing. */
export const createInboxRouting = (db: Database): InboxRouting => ({
  async auditionOfMeeting(provider, meetingId) {
    // Its creation and its moves: all of one audition.
    const [row] = await db
      .select({ key: operations.key })
      .from(operations)
      .where(and(eq(operations.provider, provider), eq(operations.providerId, meetingId)))
      .limit(1);
    return row && auditionOf(row.key);
  },

  async auditionsWaitingFor(organization, connection) {
    const { item } = attentionItems;
    const rows = await db
      .selectDistinct({ id: attentionItems.auditionId })
      .from(attentionItems)
      .where(
        and(
          eq(attentionItems.organization, organization),
          sql`${item} ->> 'code' = 'reconnect' AND ${item} ->> 'connection' = ${connection}`,
        ),
      );
    return rows.map(({ id }) => auditionIdSchema.parse(id));
  },

  async connectionsOfAccount(provider, accountId) {
    const { id, organization, owner, accountReference, status, connectedAt } = connections;
    const rows = await db
      .select({ id, organization, owner, accountReference, status, connectedAt })
      .from(connections)
      .where(and(eq(connections.provider, provider), ne(connections.status, 'disconnected')));
    return rows
      .filter((row) => row.accountReference === accountReferenceOf({ ...row, provider }, { id: accountId }))
      .map((row) => ({
        id: connectionIdSchema.parse(row.id),
        organization: organizationIdSchema.parse(row.organization),
        isConnected: row.status === 'connected',
        connectedAt: toInstant(row.connectedAt.getTime()),
      }));
  },
});
