/**
 * The rooms that casting sessions share, and which audition uses which room. Everything here is one transaction under the
 * lock of the audition and of the session. No provider is called within it: the caller creates, extends and removes the
 * meetings through the ledger.
 *
 * A room is `offered` while its meeting is being created, `present` when the auditions are told to use it, and `left` when
 * another room has taken its place or its last use has ended. A room that was left is never used again: the next audition
 * gets a room of the next number.
 */
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import {
  type AuditionId,
  auditionIdSchema,
  type CastingSessionId,
  type OrganizationId,
} from '../../domain/ids.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { createWebhookInbox } from '../inbox/webhooks.ts';
import { operations } from '../schema/operations.ts';
import { sessionRooms, sessionRoomUses } from '../schema/session-rooms.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import {
  type AbandonedRoom,
  findUsed,
  isRoom,
  type RoomName,
  type RoomRow,
  roomColumns,
  roomsOfUse,
  type SessionRoom,
  toRoom,
  type UsedRoom,
} from './session-room-rows.ts';
import type { Digests, SettingDigests } from './setting-digests.ts';

export { type AbandonedRoom, keyOfTime, type RoomName, type SessionRoom } from './session-room-rows.ts';

interface Use {
  /** The operation with which the audition asks for its meeting. */
  readonly key: string;
  readonly auditionId: AuditionId;
  readonly slot: TimeRange;
  /** The revision of the slot. */
  readonly revision: number;
}

interface JoinRequest extends Use {
  readonly organization: OrganizationId;
  readonly session: CastingSessionId;
  /** Where a new room is created. A room that exists stays with its provider. */
  readonly provider: MeetingProviderName;
  /** The time of the session, and its zone. */
  readonly sessionTime: TimeRange;
  readonly zone: string;
  /** Digests of the settings of the audition, by name. A room that exists keeps its own. */
  readonly settings: Digests;
  /** Whether the audition that has the present room asks for another one. Not when only its slot moves. */
  readonly replaces: boolean;
  readonly correlationId: string;
}

type Joined =
  | {
      readonly kind: 'joined';
      readonly room: SessionRoom;
      /** The digests of the request, in the form of those of the room. */
      readonly settings: Digests;
      /** Rooms that this operation used before, and that no audition uses now. */
      readonly abandoned: readonly AbandonedRoom[];
    }
  /** The operation was undone, or is not open. */
  | { readonly kind: 'fenced' }
  /** The audition uses a room for a later slot. */
  | { readonly kind: 'superseded' };

export interface SessionRooms {
  /**
   * Lets the audition use the room of the session. The first one gets a new room. An audition that asks again, under another
   * key, leaves the room that it has: the session then gets another one, and the audition that asks next gets that one too.
   * Idempotent by key, until the room is left.
   */
  join(request: JoinRequest): Promise<Joined>;
  /**
   * Records that the meeting of the room exists, and that the audition got it. The room becomes the present one; the auditions
   * that use the former one are reported to the inbox in the same transaction. Idempotent.
   *
   * @returns `left`: another room has taken the place of this one. The caller joins again.
   */
  settle(
    room: RoomName,
    use: Pick<JoinRequest, 'key' | 'correlationId'> & { readonly meetingId: string },
  ): Promise<'settled' | 'left'>;
  /**
   * Replaces the room by one whose meeting exists already: a provider that could not extend a meeting has made another one.
   * Idempotent by the key of the new room.
   *
   * @returns `left`: another room has taken the place of this one meanwhile. The caller joins again.
   */
  succeed(
    room: SessionRoom,
    use: Pick<JoinRequest, 'key' | 'organization' | 'correlationId'>,
    successor: { readonly key: string; readonly meetingId: string },
  ): Promise<'settled' | 'left'>;
  /** Records that the meeting has the time of this revision. Idempotent. */
  timeApplied(room: RoomName, revision: number): Promise<void>;
  /**
   * Moves the use of an audition whose slot has moved within its session. Undefined: it has no room of the session that is
   * still present, so it joins. `superseded`: it has moved on since.
   */
  moveUse(
    request: Pick<JoinRequest, 'auditionId' | 'session' | 'slot' | 'revision' | 'sessionTime'>,
  ): Promise<SessionRoom | 'superseded' | undefined>;
  /**
   * Ends the use of every room that the operation has, or had, joined. Returns those that no audition uses now, and those
   * that others use. Idempotent: a repeated call returns the same rooms.
   */
  leave(
    key: string,
  ): Promise<{ readonly abandoned: readonly AbandonedRoom[]; readonly kept: readonly UsedRoom[] }>;
  /** Returns the rooms that the audition uses. More than one while it moves from one to another. */
  usedBy(auditionId: AuditionId): Promise<readonly UsedRoom[]>;
  /** Returns the room of the audition with this meeting. Undefined: the meeting is the audition's own. */
  roomOf(auditionId: AuditionId, meetingId: string): Promise<SessionRoom | undefined>;
}

const earlier = <Time extends string>(a: Time, b: Time): Time => (a < b ? a : b);
const later = <Time extends string>(a: Time, b: Time): Time => (a > b ? a : b);

/** Returns the time that covers both. */
const around = (one: TimeRange, other: TimeRange): TimeRange => ({
  start: earlier(one.start, other.start),
  end: later(one.end, other.end),
});

const lock = async (tx: Database, name: string): Promise<void> => {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`session room ${name}`}, 0))`);
};

/** Creates the repository. @param vault seals the reports to the inbox */
export const createSessionRooms = (
  db: Database,
  vault: Pick<Vault, 'seal' | 'open'>,
  digests: SettingDigests,
): SessionRooms => ({
  async join(requested) {
    const { key, organization, session, auditionId, slot, revision } = requested;
    // The key can be in another database: it is read before the locks are taken.
    const settings = await digests.keyed(organization, requested.settings);
    const request = { ...requested, settings };
    return db.transaction(async (tx) => {
      await lock(tx, auditionId);
      await lock(tx, session);
      // The lock on the row of the ledger keeps an undo from beginning until the use can be seen.
      const [open] = await tx
        .select({ key: operations.key })
        .from(operations)
        .where(and(eq(operations.key, key), eq(operations.state, 'open')))
        .for('share');
      if (!open) return { kind: 'fenced' };
      const own = await tx.select().from(sessionRoomUses).where(eq(sessionRoomUses.auditionId, auditionId));
      if (own.some((use) => !use.hasEnded && use.revision > revision)) return { kind: 'superseded' };
      const ofSession = own.filter((use) => use.session === session);
      const room = await chooseRoom(tx, request, ofSession);
      await tx
        .update(sessionRoomUses)
        .set({ hasEnded: true })
        .where(and(eq(sessionRoomUses.key, key), sql`${sessionRoomUses.number} <> ${room.number}`));
      const use = { startsAt: slot.start, endsAt: slot.end, revision };
      await tx
        .insert(sessionRoomUses)
        .values({ key, session, number: room.number, auditionId, ...use })
        .onConflictDoUpdate({
          target: [sessionRoomUses.key, sessionRoomUses.session, sessionRoomUses.number],
          set: { ...use, hasEnded: false },
        });
      const { abandoned } = await roomsOfUse(tx, key);
      const joined = await extended(tx, room, around(request.sessionTime, slot));
      return {
        kind: 'joined',
        // A process of an earlier version can have stored them.
        room: { ...joined, settings: await digests.keyed(organization, joined.settings) },
        settings,
        abandoned,
      };
    });
  },

  settle: (name, { key, meetingId, correlationId }) =>
    db.transaction(async (tx) => {
      await lock(tx, name.session);
      const [room] = await tx.select(roomColumns).from(sessionRooms).where(isRoom(name));
      if (!room || room.state === 'left') return 'left';
      if (room.state === 'offered') {
        await leavePresent(tx, vault, name, { key, correlationId });
        await tx.update(sessionRooms).set({ state: 'present', meetingId }).where(isRoom(name));
      }
      await tx
        .update(sessionRoomUses)
        .set({ isSettled: true })
        .where(and(eq(sessionRoomUses.key, key), eq(sessionRoomUses.number, name.number)));
      return 'settled';
    }),

  succeed: (former, use, { key, meetingId }) =>
    db.transaction(async (tx) => {
      const { session } = former;
      await lock(tx, session);
      const [known] = await tx
        .select({ state: sessionRooms.state })
        .from(sessionRooms)
        .where(eq(sessionRooms.key, key));
      if (known) return known.state === 'left' ? 'left' : 'settled';
      const [present] = await tx
        .select({ state: sessionRooms.state })
        .from(sessionRooms)
        .where(isRoom(former));
      if (present?.state !== 'present') return 'left';
      await leavePresent(tx, vault, former, use);
      const number = await nextNumber(tx, session);
      await tx.insert(sessionRooms).values({
        session,
        number,
        organization: use.organization,
        key,
        provider: former.provider,
        state: 'present',
        meetingId,
        zone: former.zone,
        settings: former.settings,
        createdFrom: former.during.start,
        createdUntil: former.during.end,
        startsAt: former.during.start,
        endsAt: former.during.end,
      });
      await tx.execute(sql`
        INSERT INTO session_room_uses (key, session, number, audition_id, starts_at, ends_at, revision, is_settled)
        SELECT key, session, ${number}::int, audition_id, starts_at, ends_at, revision, true
        FROM session_room_uses
        WHERE key = ${use.key} AND session = ${session} AND number = ${former.number}::int AND NOT has_ended
      `);
      await tx
        .update(sessionRoomUses)
        .set({ hasEnded: true })
        .where(and(eq(sessionRoomUses.key, use.key), eq(sessionRoomUses.number, former.number)));
      return 'settled';
    }),

  async timeApplied(name, revision) {
    await db
      .update(sessionRooms)
      .set({ appliedRevision: sql`greatest(${sessionRooms.appliedRevision}, ${revision}::int)` })
      .where(isRoom(name));
  },

  moveUse: ({ auditionId, session, slot, revision, sessionTime }) =>
    db.transaction(async (tx) => {
      await lock(tx, auditionId);
      await lock(tx, session);
      const own = await tx
        .select()
        .from(sessionRoomUses)
        .where(and(eq(sessionRoomUses.auditionId, auditionId), eq(sessionRoomUses.hasEnded, false)));
      if (own.some((use) => use.revision > revision)) return 'superseded';
      const [room] = await tx
        .select(roomColumns)
        .from(sessionRooms)
        .where(and(eq(sessionRooms.session, session), eq(sessionRooms.state, 'present')));
      const use = own.find((one) => one.session === session && one.number === room?.number && one.isSettled);
      if (!room || !use) return undefined;
      await tx
        .update(sessionRoomUses)
        .set({ startsAt: slot.start, endsAt: slot.end, revision })
        .where(and(eq(sessionRoomUses.key, use.key), eq(sessionRoomUses.number, room.number)));
      return extended(tx, toRoom(room), around(sessionTime, slot));
    }),

  leave: (key) =>
    db.transaction(async (tx) => {
      const sessions = await tx
        .selectDistinct({ session: sessionRoomUses.session })
        .from(sessionRoomUses)
        .where(eq(sessionRoomUses.key, key))
        .orderBy(sessionRoomUses.session);
      for (const { session } of sessions) await lock(tx, session);
      await tx.update(sessionRoomUses).set({ hasEnded: true }).where(eq(sessionRoomUses.key, key));
      return roomsOfUse(tx, key);
    }),

  usedBy: (auditionId) =>
    findUsed(db, and(eq(sessionRoomUses.auditionId, auditionId), eq(sessionRoomUses.hasEnded, false))),

  async roomOf(auditionId, meetingId) {
    const [row] = await db
      .select(roomColumns)
      .from(sessionRooms)
      .innerJoin(
        sessionRoomUses,
        and(
          eq(sessionRoomUses.session, sessionRooms.session),
          eq(sessionRoomUses.number, sessionRooms.number),
        ),
      )
      .where(and(eq(sessionRoomUses.auditionId, auditionId), eq(sessionRooms.meetingId, meetingId)))
      .limit(1);
    return row && toRoom(row);
  },
});

type UseRow = typeof sessionRoomUses.$inferSelect;

/**
 * Returns the room that the operation gets. The present one, unless the audition has it and asks for another: its meeting is
 * gone, or its provider fails. Then the one that is being created, unless the audition itself has failed to create it. Then a
 * new one. So auditions that leave a room simultaneously get one new room.
 *
 * @param own the uses of the session by the audition. Those that have ended count for a room that is being created: the
 *   removal after a failure runs beside the next request. They do not count for the present one: an audition that comes back
 *   to the session takes the room from nobody.
 */
const chooseRoom = async (
  tx: Database,
  { key, session, organization, provider, sessionTime, zone, slot, settings, replaces }: JoinRequest,
  own: readonly UseRow[],
): Promise<SessionRoom> => {
  const rooms = await tx
    .select(roomColumns)
    .from(sessionRooms)
    .where(and(eq(sessionRooms.session, session), inArray(sessionRooms.state, ['offered', 'present'])))
    .orderBy(sessionRooms.number);
  const present = rooms.find(({ state }) => state === 'present');
  const offered = rooms.findLast(({ state }) => state === 'offered');
  const had = (room: RoomRow) => own.filter((use) => use.key !== key && use.number === room.number);
  const has = (room: RoomRow) => had(room).some((use) => use.isSettled && !use.hasEnded);
  if (present && !(replaces && has(present))) return toRoom(present);
  if (offered && had(offered).length === 0) return toRoom(offered);
  if (offered)
    await tx
      .update(sessionRooms)
      .set({ state: 'left' })
      .where(isRoom(toRoom(offered)));
  const number = await nextNumber(tx, session);
  const during = around(sessionTime, slot);
  const [created] = await tx
    .insert(sessionRooms)
    .values({
      session,
      number,
      organization,
      key: `session/${session}:room:${number}`,
      provider,
      state: 'offered',
      zone,
      settings,
      createdFrom: during.start,
      createdUntil: during.end,
      startsAt: during.start,
      endsAt: during.end,
    })
    .returning(roomColumns);
  if (!created) throw new Error('INSERT ... RETURNING returned no row');
  return toRoom(created);
};

const nextNumber = async (tx: Database, session: CastingSessionId): Promise<number> => {
  const [row] = await tx
    .select({ last: sql<number>`coalesce(max(${sessionRooms.number}), 0)`.mapWith(Number) })
    .from(sessionRooms)
    .where(eq(sessionRooms.session, session));
  return (row?.last ?? 0) + 1;
};

/** Returns the room with a time that also covers `needed`. */
const extended = async (tx: Database, room: SessionRoom, needed: TimeRange): Promise<SessionRoom> => {
  const during = around(room.during, needed);
  if (during.start === room.during.start && during.end === room.during.end) return room;
  const revision = room.revision + 1;
  await tx
    .update(sessionRooms)
    .set({ startsAt: during.start, endsAt: during.end, revision })
    .where(isRoom(room));
  return { ...room, during, revision };
};

/**
 * The present room of the session is left. Its auditions are reported to the inbox, from which each of them is signaled: they
 * then ask for a room under another key, and get the new one.
 */
const leavePresent = async (
  tx: Database,
  vault: Pick<Vault, 'seal' | 'open'>,
  { session }: Pick<RoomName, 'session'>,
  { key, correlationId }: Pick<JoinRequest, 'key' | 'correlationId'>,
): Promise<void> => {
  const [former] = await tx
    .update(sessionRooms)
    .set({ state: 'left' })
    .where(and(eq(sessionRooms.session, session), eq(sessionRooms.state, 'present')))
    .returning(roomColumns);
  if (!former?.meetingId) return;
  const [self] = await tx
    .select({ auditionId: sessionRoomUses.auditionId })
    .from(sessionRoomUses)
    .where(eq(sessionRoomUses.key, key));
  const rows = await tx
    .selectDistinct({ auditionId: sessionRoomUses.auditionId })
    .from(sessionRoomUses)
    .where(
      and(
        eq(sessionRoomUses.session, session),
        eq(sessionRoomUses.number, former.number),
        eq(sessionRoomUses.hasEnded, false),
      ),
    )
    .orderBy(sessionRoomUses.auditionId);
  for (const { auditionId } of rows) {
    if (auditionId === self?.auditionId) continue;
    await createWebhookInbox(tx, vault).receive({
      kind: 'room.left',
      event: { audition: auditionIdSchema.parse(auditionId), meetingId: former.meetingId },
      provider: 'castmatch',
      dedupeKey: `room-left:${session}:${former.number}:${auditionId}`,
      correlationId,
    });
  }
};
