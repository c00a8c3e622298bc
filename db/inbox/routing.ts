import { and, desc, eq, inArray, isNull, ne, notExists, or, sql } from 'drizzle-orm';
import { z } from 'zod';
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
import { createAccountHashes } from '../connections/account-hashes.ts';
import type { AccountReferences } from '../connections/account-references.ts';
import { attentionItems } from '../schema/attention-items.ts';
import { auditEvents } from '../schema/audit-events.ts';
import { auditions } from '../schema/auditions.ts';
import { connections } from '../schema/connections.ts';
import { operations } from '../schema/operations.ts';
import { sessionRooms, sessionRoomUses } from '../schema/session-rooms.ts';
import { syncedCalendars } from '../schema/synced-calendars.ts';
import type { Vault } from '../vault/envelope-encryption.ts';

interface AccountConnection {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
  readonly isConnected: boolean;
  readonly connectedAt: Instant;
}

/** A connection whose calendars are read without notifications of its own. */
interface UnsubscribedConnection {
  readonly id: ConnectionId;
  /** The stored name of a calendar of the connection, as subscriptions name calendars. */
  readonly calendar: string;
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
  /**
   * Returns the auditions with an open attention item that waits for this connection to be reconnected, and those whose event in a
   * calendar of it was skipped: it can be of an earlier slot. Trails of earlier versions do not say so. There, an entry that emails have
   * made beside the event does.
   */
  auditionsWaitingFor(organization: OrganizationId, connection: ConnectionId): Promise<readonly AuditionId[]>;
  /**
   * Returns the other connections of the same provider account for which the vendor refuses a subscription because this one has it,
   * each with one of its calendars. A notification of a change concerns them too.
   */
  connectionsWithoutSubscription(connection: ConnectionId): Promise<readonly UnsubscribedConnection[]>;
  /** Returns the auditions that ask about a change in a calendar of this connection. */
  auditionsAskingAbout(
    organization: OrganizationId,
    connection: ConnectionId,
  ): Promise<readonly AuditionId[]>;
  /** Returns the correlation id of the request for each audition. An audition without a trail is left out. */
  correlationIdsOf(auditionIds: readonly AuditionId[]): Promise<ReadonlyMap<AuditionId, string>>;
  /** Returns the organization of an audition. Undefined for one without a trail. */
  organizationOf(audition: AuditionId): Promise<OrganizationId | undefined>;
  /** Returns whether one of the auditions is not closed. */
  isAnyOpen(auditionIds: readonly AuditionId[]): Promise<boolean>;
  /** Returns the connections of a provider account in all organizations, without disconnected ones. */
  connectionsOfAccount(provider: string, accountId: string): Promise<readonly AccountConnection[]>;
}

const unsubscribedSchema = z.object({ id: connectionIdSchema, calendar: z.string() });

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
export const createInboxRouting = (
  db: Database,
  references: AccountReferences,
  vault: Pick<Vault, 'code'>,
): InboxRouting => ({
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
    const withSkippedEvents = await db.execute(sql`
      SELECT id FROM auditions
      WHERE organization = ${organization} AND state IN ('scheduling', 'scheduled', 'confirmed')
        AND view -> 'skippedEvents' @> jsonb_build_array(jsonb_build_object('connection', ${connection}::text))
      UNION
      SELECT DISTINCT auditions.id FROM auditions, jsonb_array_elements(view -> 'calendarEvents') AS event
      WHERE auditions.organization = ${organization} AND auditions.state IN ('scheduling', 'scheduled', 'confirmed')
        AND event ->> 'connection' = ${connection}
        AND 'REQUEST' = (
          SELECT calendar_part FROM deliveries
          WHERE deliveries.audition_id = auditions.id AND deliveries.participant = event ->> 'participant'
            AND calendar_part IN ('REQUEST', 'CANCEL')
          ORDER BY calendar_sequence DESC LIMIT 1
        )
    `);
    const ids = [...rows, ...withSkippedEvents.rows].map(({ id }) => auditionIdSchema.parse(id));
    return [...new Set(ids)];
  },

  async connectionsWithoutSubscription(connection) {
    const { rows } = await db.execute(sql`
      SELECT other.id, min(${syncedCalendars.calendar}) AS calendar
      FROM ${connections} AS own
      JOIN ${connections} AS other ON other.provider_account = own.provider_account AND other.id <> own.id
      JOIN ${syncedCalendars} ON ${syncedCalendars.connection} = other.id
      WHERE own.id = ${connection} AND other.status = 'connected' AND ${syncedCalendars.pushError} = 'other_connection'
      GROUP BY other.id ORDER BY other.id
    `);
    return rows.map((row) => unsubscribedSchema.parse(row));
  },

  async auditionsAskingAbout(organization, connection) {
    const { item, auditionId } = attentionItems;
    const rows = await db
      .selectDistinct({ id: auditionId })
      .from(attentionItems)
      .where(
        and(
          eq(attentionItems.organization, organization),
          // Items of earlier versions name no connection.
          sql`${item} ->> 'step' = 'calendar_change' AND coalesce(${item} ->> 'connection' = ${connection}, EXISTS (
            SELECT FROM synced_events AS own
            WHERE own.audition_id = ${auditionId} AND own.connection = ${connection} AND own.is_reported
          ))`,
        ),
      );
    return rows.map(({ id }) => auditionIdSchema.parse(id));
  },

  async correlationIdsOf(ids) {
    if (ids.length === 0) return new Map();
    const { auditionId, correlationId, sequence } = auditEvents;
    const rows = await db
      .select({ auditionId, correlationId })
      .from(auditEvents)
      // The first event of a trail is the request.
      .where(and(inArray(auditionId, [...ids]), eq(sequence, 1)));
    return new Map(rows.map((row) => [auditionIdSchema.parse(row.auditionId), row.correlationId]));
  },

  async organizationOf(audition) {
    const [row] = await db
      .select({ organization: auditions.organization })
      .from(auditions)
      .where(eq(auditions.id, audition));
    return row && organizationIdSchema.parse(row.organization);
  },

  async isAnyOpen(ids) {
    if (ids.length === 0) return false;
    const [open] = await db
      .select({ id: auditions.id })
      .from(auditions)
      .where(and(inArray(auditions.id, [...ids]), ne(auditions.state, 'closed')))
      .limit(1);
    return open !== undefined;
  },

  async connectionsOfAccount(provider, accountId) {
    const { id, organization, owner, accountReference, providerAccount, status, connectedAt } = connections;
    const rows = await db
      .select({ id, organization, owner, accountReference, providerAccount, status, connectedAt })
      .from(connections)
      .where(
        and(
          eq(connections.provider, provider),
          ne(connections.status, 'disconnected'),
          or(isNull(providerAccount), inArray(providerAccount, [...references.allOf(provider, accountId)])),
        ),
      );
    // A connection of an earlier version has a reference of its organization and owner only.
    const hashes = createAccountHashes(vault);
    const found = rows.map(async (row) => {
      const organization = organizationIdSchema.parse(row.organization);
      const { owner, accountReference } = row;
      const account = { id: accountId };
      const isOfAccount =
        row.providerAccount !== null ||
        (accountReference !== null &&
          (await hashes.formsOf({ organization, owner, provider, account })).includes(accountReference));
      if (!isOfAccount) return [];
      const isConnected = row.status === 'connected';
      const connectedAt = toInstant(row.connectedAt.getTime());
      return [{ id: connectionIdSchema.parse(row.id), organization, isConnected, connectedAt }];
    });
    return (await Promise.all(found)).flat();
  },
});
