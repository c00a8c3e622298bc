/** Reads the rows of shared rooms and of their uses. */
import { and, eq, gt, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import {
  type AuditionId,
  auditionIdSchema,
  type CastingSessionId,
  castingSessionIdSchema,
} from '../../domain/ids.ts';
import { type MeetingProviderName, meetingProviders } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { sessionRooms, sessionRoomUses } from '../schema/session-rooms.ts';
import type { Digests } from './setting-digests.ts';

/** Names a room of a session. */
export interface RoomName {
  readonly session: CastingSessionId;
  readonly number: number;
}

export interface SessionRoom extends RoomName {
  /** The operation that creates the meeting. */
  readonly key: string;
  readonly provider: MeetingProviderName;
  readonly meetingId: string | undefined;
  /** Whether another room has taken its place, or no audition uses it. */
  readonly isLeft: boolean;
  /** Digests of the settings with which the meeting was created, by name. */
  readonly settings: Digests;
  readonly zone: string;
  /** The time with which the meeting is created. The same in every attempt. */
  readonly createdFor: TimeRange;
  /** The time that its auditions need. It only grows. */
  readonly during: TimeRange;
  /** The revision of `during`, and the one whose time the meeting has. */
  readonly revision: number;
  readonly appliedRevision: number;
}

/** A room that no audition uses any more. Its meeting is to be removed, unless it was removed before. */
export interface AbandonedRoom extends SessionRoom {
  /** The operations that have created, or may have created, a meeting of this room. */
  readonly keys: readonly string[];
}

/**
 * Returns the key of the operation that gives the meeting of the room the time of a revision. A provider that cannot extend
 * the meeting makes another one under this key.
 */
export const keyOfTime = ({ key }: Pick<SessionRoom, 'key'>, revision: number): string =>
  `${key}:t${revision}`;

export interface UsedRoom extends RoomName {
  /** The key of the use. */
  readonly key: string;
  readonly auditionId: AuditionId;
  readonly provider: MeetingProviderName;
  readonly meetingId: string | undefined;
  /** Whether another room has taken its place, or no audition uses it. */
  readonly isLeft: boolean;
  readonly revision: number;
}

/** The columns that `toRoom` reads. */
export const roomColumns = {
  session: sessionRooms.session,
  number: sessionRooms.number,
  key: sessionRooms.key,
  provider: sessionRooms.provider,
  state: sessionRooms.state,
  meetingId: sessionRooms.meetingId,
  createdFrom: sessionRooms.createdFrom,
  createdUntil: sessionRooms.createdUntil,
  zone: sessionRooms.zone,
  settings: sessionRooms.settings,
  startsAt: sessionRooms.startsAt,
  endsAt: sessionRooms.endsAt,
  revision: sessionRooms.revision,
  appliedRevision: sessionRooms.appliedRevision,
};

/** The columns of a room, as they are read. */
export type RoomRow = Pick<typeof sessionRooms.$inferSelect, keyof typeof roomColumns>;

const rowSchema = z.object({
  session: castingSessionIdSchema,
  provider: z.enum(meetingProviders),
  settings: z.record(z.string(), z.string()),
});

/** Returns the room of a row. */
export const toRoom = (row: RoomRow): SessionRoom => ({
  ...rowSchema.parse(row),
  number: row.number,
  key: row.key,
  meetingId: row.meetingId ?? undefined,
  isLeft: row.state === 'left',
  zone: row.zone,
  createdFor: { start: row.createdFrom, end: row.createdUntil },
  during: { start: row.startsAt, end: row.endsAt },
  revision: row.revision,
  appliedRevision: row.appliedRevision,
});

/** Matches the room. */
export const isRoom = ({ session, number }: RoomName) =>
  and(eq(sessionRooms.session, session), eq(sessionRooms.number, number));

/** Returns the uses with their rooms. */
export const findUsed = async (db: Database, where: ReturnType<typeof and>): Promise<readonly UsedRoom[]> => {
  const rows = await db
    .select({
      ...roomColumns,
      useKey: sessionRoomUses.key,
      useRevision: sessionRoomUses.revision,
      auditionId: sessionRoomUses.auditionId,
    })
    .from(sessionRoomUses)
    .innerJoin(
      sessionRooms,
      and(eq(sessionRooms.session, sessionRoomUses.session), eq(sessionRooms.number, sessionRoomUses.number)),
    )
    .where(where)
    .orderBy(sessionRoomUses.session, sessionRoomUses.number);
  return rows.map(({ useKey, useRevision, auditionId, ...row }) => ({
    ...toRoom(row),
    key: useKey,
    auditionId: auditionIdSchema.parse(auditionId),
    revision: useRevision,
  }));
};

/**
 * Sorts the rooms that the operation has used by whether an audition still uses them. Those that are not used are left. An
 * audition whose slot is over keeps its use of the present room. In a room that the session has left for another one, its use
 * counts no more: the audition does not move, and would keep the meeting at the failed provider for ever.
 */
export const roomsOfUse = async (
  tx: Database,
  key: string,
): Promise<{ readonly abandoned: readonly AbandonedRoom[]; readonly kept: readonly UsedRoom[] }> => {
  const ended = await findUsed(tx, and(eq(sessionRoomUses.key, key), eq(sessionRoomUses.hasEnded, true)));
  const abandoned: AbandonedRoom[] = [];
  const kept: UsedRoom[] = [];
  for (const use of ended) {
    const standing = await tx
      .selectDistinct({ auditionId: sessionRoomUses.auditionId })
      .from(sessionRoomUses)
      .where(
        and(
          eq(sessionRoomUses.session, use.session),
          eq(sessionRoomUses.number, use.number),
          eq(sessionRoomUses.hasEnded, false),
          use.isLeft ? gt(sessionRoomUses.endsAt, sql`now()`) : undefined,
        ),
      );
    // The audition can use the room under another key.
    if (standing.some(({ auditionId }) => auditionId === use.auditionId)) continue;
    if (standing.length > 0) {
      kept.push(use);
      continue;
    }
    const [room] = await tx
      .update(sessionRooms)
      .set({ state: 'left' })
      .where(isRoom(use))
      .returning(roomColumns);
    if (room) abandoned.push({ ...toRoom(room), keys: await keysOf(tx, toRoom(room)) });
  }
  return { abandoned, kept };
};

/** A meeting that was made when the room was extended can be another room, which auditions use. */
const keysOf = async (tx: Database, room: SessionRoom): Promise<readonly string[]> => {
  const ofTimes = Array.from({ length: room.revision - 1 }, (_, index) => keyOfTime(room, index + 2));
  const rooms = await tx
    .select({ key: sessionRooms.key })
    .from(sessionRooms)
    .where(eq(sessionRooms.session, room.session));
  return [room.key, ...ofTimes.filter((key) => !rooms.some((other) => other.key === key))];
};
