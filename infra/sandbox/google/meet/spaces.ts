/** Stores the spaces of Meet. The conference of an event has a space from the moment it is ready. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ChangeNotifier } from '../../change-notifier.ts';
import type { Clock } from '../../time.ts';
import type { Calendars } from '../calendars.ts';
import { type StoredSpace, storedSpaceSchema } from './space.ts';

export interface Spaces {
  /** Returns the space by its id or by its meeting code, which is not case-sensitive. */
  find(name: string): StoredSpace | undefined;
  put(space: StoredSpace): void;
  /** Makes the code of a space expire, as after a year without use. Its event keeps the link. */
  expire(code: string): void;
  all(): readonly StoredSpace[];
  readonly save: () => readonly StoredSpace[];
  readonly load: (value: unknown) => void;
  reset(): void;
}

/** Creates a store without spaces. */
export const createSpaces = (
  calendars: Pick<Calendars, 'all'>,
  clock: Clock,
  changeNotifier: ChangeNotifier,
): Spaces => {
  const spaces = new Map<string, StoredSpace>();

  /** Adds the spaces of conferences that have become ready. */
  const collect = () => {
    for (const { owner, events } of calendars.all()) {
      for (const { conference } of events.values()) {
        const isReady = conference?.outcome === 'success' && conference.readyMs <= clock();
        if (!conference || !isReady || [...spaces.values()].some(({ code }) => code === conference.id))
          continue;
        const id = createHash('sha256').update(`space ${conference.id}`).digest('base64url').slice(0, 12);
        spaces.set(id, { id, code: conference.id, owner, config: {}, isExpired: false });
      }
    }
  };

  const all = () => {
    collect();
    return [...spaces.values()].filter(({ isExpired }) => !isExpired);
  };
  const find = (name: string) =>
    all().find(({ id }) => id === name) ?? all().find(({ code }) => code === name.toLowerCase());
  const put = (space: StoredSpace) => {
    spaces.set(space.id, space);
    changeNotifier.notify();
  };

  return {
    find,
    put,
    expire(code) {
      const space = find(code);
      if (space) put({ ...space, isExpired: true });
    },
    all,
    save: () => [...spaces.values()],
    load(value) {
      for (const space of z.array(storedSpaceSchema).parse(value)) spaces.set(space.id, space);
    },
    reset() {
      spaces.clear();
      changeNotifier.notify();
    },
  };
};
