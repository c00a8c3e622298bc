/** The shared room of a casting session in workflow tests, with the rules of `db/meetings/session-rooms.ts`. */
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';

export interface FakeRoom {
  /** The uses, by key. */
  readonly uses: ReadonlyMap<string, string>;
  /** How many meetings were created. */
  readonly created: number;
  /** Returns the present meeting. An audition that has it, and asks under another key, gets another one. */
  join(key: string, provider: MeetingProviderName): Meeting;
  leave(key: string): void;
}

const auditionOf = (key: string): string => key.slice(0, key.indexOf(':'));

/** Creates the room. The worlds of the auditions of one session share it. */
export const createFakeRoom = (): FakeRoom => {
  const uses = new Map<string, string>();
  let present: Meeting | undefined;
  let created = 0;
  return {
    uses,
    get created() {
      return created;
    },
    join(key, provider) {
      const hasIt = [...uses].some(
        ([other, id]) => other !== key && auditionOf(other) === auditionOf(key) && id === present?.id,
      );
      if (!present || hasIt) {
        created += 1;
        present = {
          provider,
          id: `room-${created}`,
          joinUrl: `https://meet.example/room-${created}`,
          room: 'session',
        };
      }
      uses.set(key, present.id);
      return present;
    },
    leave: (key) => {
      uses.delete(key);
      if (uses.size === 0) present = undefined;
    },
  };
};
