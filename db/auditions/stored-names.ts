/**
 * Names calendars, rooms and places as the tables have them. The name of a calendar usually contains an email address, and a room can
 * be the home of a person. So the tables have hashes, with a key, because such names can be guessed.
 */
import { calendarPrefix, roomPrefix } from '../../domain/audition/slot-resources.ts';
import { onceSuccessful } from '../../foundation/once.ts';
import { sha256 } from '../digest.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { hashKeyId, readHashing } from '../vault/keyed-hashes.ts';

export interface StoredNames {
  /** Returns the stored name of a resource (`slotResources`). Those of participants are stored as they are. */
  resource(resource: string): string;
  /** Returns the stored name of a calendar. @param name the canonical name of the calendar */
  calendar(name: string): string;
  /** Returns the stored name of a place. Null: the audition takes place by video. @param place see `placeOf` */
  place(place: string | undefined): string | null;
  /** Returns the present form of a stored resource. Earlier versions had no key: workflows and webhooks can still have such names. */
  keyed(stored: string): string;
  /** Returns the present form of a stored place. */
  keyedPlace(stored: string): string;
}

/**
 * Returns the names. The first call reads their key, and keys all rows of earlier versions, so that no process of this version looks
 * for a name that the tables have in another form.
 */
export type ReadStoredNames = () => Promise<StoredNames>;

/** One key for all organizations, because the exclusion constraint compares the calendars of all of them. */
const ownerOfNames = 'calendars';

/** The data key of the names. */
export const namesKeyId = hashKeyId(ownerOfNames);

const unkeyedHash = /^[0-9a-f]{64}$/;

/** Reads the key of the names. Creates it when it does not exist. */
const readStoredNames = async (vault: Pick<Vault, 'coder'>): Promise<StoredNames> => {
  const [ofCalendar, ofRoom, ofPlace] = await Promise.all([
    readHashing(vault, ownerOfNames, 'calendar'),
    readHashing(vault, ownerOfNames, 'room'),
    readHashing(vault, ownerOfNames, 'place'),
  ]);
  const hashings = [
    [calendarPrefix, ofCalendar],
    [roomPrefix, ofRoom],
  ] as const;
  const resource = (name: string): string => {
    for (const [prefix, hash] of hashings)
      if (name.startsWith(prefix)) return `${prefix}${hash(sha256(name.slice(prefix.length)))}`;
    return name;
  };
  return {
    resource,
    calendar: (name) => resource(`${calendarPrefix}${name}`),
    place: (place) => (place === undefined ? null : ofPlace(sha256(place))),
    keyed: (stored) => {
      for (const [prefix, hash] of hashings) {
        const former = stored.startsWith(prefix) ? stored.slice(prefix.length) : '';
        if (unkeyedHash.test(former)) return `${prefix}${hash(former)}`;
      }
      return stored;
    },
    keyedPlace: (stored) => (unkeyedHash.test(stored) ? ofPlace(stored) : stored),
  };
};

/** Creates the function that reads the names once. A failed attempt is repeated by the next call. */
export const createStoredNamesReader = (
  vault: Pick<Vault, 'coder'>,
  keyEarlierRows: (names: StoredNames) => Promise<void>,
): ReadStoredNames =>
  onceSuccessful(async () => {
    const names = await readStoredNames(vault);
    await keyEarlierRows(names);
    return names;
  });
