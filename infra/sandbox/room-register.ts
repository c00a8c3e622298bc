/** Keeps the rooms of a vendor, by their address. */
import { z } from 'zod';
import { type Room, type RoomOptions, roomSchema } from './room.ts';

export interface RoomRegister {
  add(room: RoomOptions): Room;
  readonly find: (email: string) => Room | undefined;
  all(): readonly Room[];
  readonly save: () => readonly Room[];
  readonly load: (value: unknown) => void;
  reset(): void;
}

/** Creates a register without rooms. @param openCalendar creates the calendar of a room */
export const createRoomRegister = (openCalendar: (email: string) => unknown): RoomRegister => {
  const rooms = new Map<string, Room>();
  return {
    add(options) {
      const room = roomSchema.parse(options);
      rooms.set(room.email, room);
      openCalendar(room.email);
      return room;
    },
    find: (email) => rooms.get(email.toLowerCase()),
    all: () => [...rooms.values()],
    save: () => [...rooms.values()],
    load(value) {
      for (const room of z.array(roomSchema).parse(value)) rooms.set(room.email, room);
    },
    reset: () => rooms.clear(),
  };
};
