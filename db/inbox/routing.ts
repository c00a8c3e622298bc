import { and, eq, inArray, ne, sql } from 'drizzle-orm';
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

/** Finds the auditions and connections that a webhook concerns when the webhook does not name them. */
export interface InboxRouting {
  /** Returns the audition for which a provider's meeting was created. */
  auditionOfMeeting(provider: string, meetingId: string): Promise<AuditionId | undefined>;
  /** Returns the audition for which a provider's meeting was created, with its organization. */
  ownerOfMeeting(
    provider: string,
    meetingId: string,
  ): Promise<{ readonly auditionId: AuditionId; readonly organization: OrganizationId } | undefined>;
  /** Returns whether this service has deleted, or is deleting, the meeting at the provider. */
  isMeetingRemoved(provider: string, meetingId: string): Promise<boolean>;
  /** Returns the auditions with an open attention item that waits for this connection to be reconnected. */
  auditionsWaitingFor(organization: OrganizationId, connection: ConnectionId): Promise<readonly AuditionId[]>;
  /** Returns the connections of a provider account in all organizations, without disconnected ones. */
  connectionsOfAccount(provider: string, accountId: string): Promise<readonly AccountConnection[]>;
}

/** Returns the audition of a ledger key, which begins with the workflow id. */
const auditionOf = (key: string) => auditionIdSchema.safeParse(/^audition\/([^:]+):/.exec(key)?.[1]).data;

/** Creates the lookups. They only read. */
export const createInboxRouting = (db: Database): InboxRouting => ({
  async auditionOfMeeting(provider, meetingId) {
    // A meeting can have several operations (creation, moves). All belong to one audition.
    const [row] = await db
      .select({ key: operations.key })
      .from(operations)
      .where(and(eq(operations.provider, provider), eq(operations.providerId, meetingId)))
      .limit(1);
    return row && auditionOf(row.key);
  },

  async ownerOfMeeting(provider, meetingId) {
    const [row] = await db
      .select({ key: operations.key, organization: operations.organization })
      .from(operations)
      .where(and(eq(operations.provider, provider), eq(operations.providerId, meetingId)))
      .limit(1);
    const auditionId = row && auditionOf(row.key);
    return auditionId && { auditionId, organization: organizationIdSchema.parse(row.organization) };
  },

  async isMeetingRemoved(provider, meetingId) {
    const [row] = await db
      .select({ key: operations.key })
      .from(operations)
      .where(
        and(
          eq(operations.provider, provider),
          eq(operations.providerId, meetingId),
          inArray(operations.state, ['undoing', 'undone']),
        ),
      )
      .limit(1);
    return row !== undefined;
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
