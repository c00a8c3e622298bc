import { and, desc, eq, inArray, ne, notExists, sql } from 'drizzle-orm';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
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
import { sessionRooms, sessionRoomUses } from '../schema/session-rooms.ts';

interface AccountConnection {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
  readonly isConnected: boolean;
  readonly connectedAt: Instant;
}

/** An audition that shares the room of its casting session, and its slot. */
export interface RoomUse {
  readonly auditionId: AuditionId;
  readonly slot: TimeRange;
}

export type MeetingUsers =
  | { readonly kind: 'audition'; readonly auditionId: AuditionId; readonly organization: OrganizationId }
  /** A casting session shares the meeting. Auditions that have ended their use are not among its users. */
  | { readonly kind: 'session'; readonly uses: readonly RoomUse[] };

/** Finds the auditions and connections that a webhook concerns when the webhook does not name them. */
export interface InboxRouting {
  /** Returns whose meeting it is. Undefined: no meeting of this provider with this id is known. */
  usersOfMeeting(provider: string, meetingId: string): Promise<MeetingUsers | undefined>;
  /** Returns whether this service has deleted, or is deleting, the meeting at the provider. */
  isMeetingRemoved(provider: string, meetingId: string): Promise<boolean>;
  /** Returns the auditions with an open attention item that waits for this connection to be reconnected. */
  auditionsWaitingFor(organization: OrganizationId, connection: ConnectionId): Promise<readonly AuditionId[]>;
  /** Returns the connections of a provider account in all organizations, without disconnected ones. */
  connectionsOfAccount(provider: string, accountId: string): Promise<readonly AccountConnection[]>;
}

/** Returns the audition of a ledger key, which begins with the workflow id. */
const auditionOf = (key: string) => auditionIdSchema.safeParse(/^audition\/([^:]+):/.exec(key)?.[1]).data;

const usesOfMeeting = async (db: Database, meetingId: string): Promise<readonly RoomUse[]> => {
  const rows = await db
    .selectDistinct({
      auditionId: sessionRoomUses.auditionId,
      start: sessionRoomUses.startsAt,
      end: sessionRoomUses.endsAt,
    })
    .from(sessionRoomUses)
    .innerJoin(
      sessionRooms,
      and(eq(sessionRooms.session, sessionRoomUses.session), eq(sessionRooms.number, sessionRoomUses.number)),
    )
    .where(and(eq(sessionRooms.meetingId, meetingId), eq(sessionRoomUses.hasEnded, false)))
    .orderBy(sessionRoomUses.startsAt, sessionRoomUses.auditionId);
  return rows.map(({ auditionId, start, end }) => ({
    auditionId: auditionIdSchema.parse(auditionId),
    slot: { start, end },
  }));
};

/** Creates the lookups. They only read. */
export const createInboxRouting = (db: Database): InboxRouting => ({
  async usersOfMeeting(provider, meetingId) {
    // A meeting can have several operations (creation, moves), which belong to one audition. Those of a shared room begin with
    // `session/`, and come before those of its users.
    const [row] = await db
      .select({ key: operations.key, organization: operations.organization })
      .from(operations)
      .where(and(eq(operations.provider, provider), eq(operations.providerId, meetingId)))
      .orderBy(desc(operations.key))
      .limit(1);
    if (row?.key.startsWith('session/')) return { kind: 'session', uses: await usesOfMeeting(db, meetingId) };
    const auditionId = row && auditionOf(row.key);
    return (
      auditionId && {
        kind: 'audition',
        auditionId,
        organization: organizationIdSchema.parse(row.organization),
      }
    );
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
          // An audition that has ended its use of a shared room has removed nothing.
          notExists(
            db
              .select({ key: sessionRoomUses.key })
              .from(sessionRoomUses)
              .where(eq(sessionRoomUses.key, operations.key)),
          ),
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
