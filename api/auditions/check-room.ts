/** Checks the account with which a room is booked: the organization has it, and its owner takes part in the audition. */
import type { Connections } from '../../db/connections/repository.ts';
import type { RoomCalendar } from '../../domain/audition/slot.ts';
import { Refusal } from '../../domain/errors.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import { type Cast, checkOwnerTakesPart } from './connection-owner.ts';

/** Returns the refusal of a room whose connection the organization does not have. */
export const unknownRoomConnection = (connection: ConnectionId, at: readonly string[] = []): Refusal =>
  new Refusal(
    'unknown_connection',
    `Your organization has no connection ${connection} to the provider of the room.`,
    'Connect an account that may book the room, or omit roomCalendar.',
    at,
  );

/** Returns the room that the requested slot names. The sessions of a block have rooms without a calendar. */
export const requestedRoom = <Room>(slot: { readonly roomCalendar?: Room } | object): Room | undefined =>
  'roomCalendar' in slot ? slot.roomCalendar : undefined;

interface RoomOfSlot {
  /** The calendar of the room that the slot names, if it names one. */
  readonly room: Pick<RoomCalendar, 'provider' | 'connection'> | undefined;
  /** Reads the participants. Called only when a room is named. */
  readonly cast: () => Cast | Promise<Cast>;
  /** JSON pointer of the slot in the request. */
  readonly pointer?: string;
}

/**
 * Checks the calendar of the room, if the slot names one.
 * @throws {Refusal} `unknown_connection`
 */
export const checkRoom = async (
  connections: Pick<Connections, 'get'>,
  organization: OrganizationId,
  { room, cast, pointer = '/slot' }: RoomOfSlot,
): Promise<void> => {
  if (!room) return;
  const connection = await connections.get(organization, room.connection);
  const pointers = [`${pointer}/roomCalendar/connection`];
  if (connection?.provider !== room.provider || connection.status === 'disconnected') {
    throw unknownRoomConnection(room.connection, pointers);
  }
  checkOwnerTakesPart(connection, await cast(), pointers);
};
