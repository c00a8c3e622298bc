/**
 * Reads and marks what an event of ours is used for, in its properties. In Google's events they are private extended
 * properties (https://developers.google.com/workspace/calendar/api/guides/extended-properties), in CalDAV's X- properties.
 */
import { createHash } from 'node:crypto';
import type { EventToDelete, EventUse } from './ports.ts';

type Properties = Readonly<Record<string, string>>;

/** At Google, a property's name has at most 44 characters. */
const prefix = 'castmatchUse';
/** The use of an event as the conference of the meeting. */
const conferenceProperty = `${prefix}OfConference`;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 24);

/** Returns the property of a participant's use. */
export const useOf = ({ name, key }: EventUse): Properties => ({ [`${prefix}${digest(name)}`]: digest(key) });

/** Returns the property of the conference's use. */
export const conferenceUseOf = (key: string): Properties => ({ [conferenceProperty]: digest(key) });

/** Returns whether the event has the use, written by the same step. */
export const hasUse = (properties: Properties | undefined, use: Properties): boolean =>
  Object.entries(use).every(([name, value]) => properties?.[name] === value);

/** Returns whether the same user has a use of the event, whichever step wrote it. */
export const hasUser = (properties: Properties | undefined, use: Properties): boolean =>
  Object.keys(use).every((name) => properties?.[name] !== undefined);

/** Returns the properties without all uses. */
export const withoutUses = (properties: Properties | undefined): Properties =>
  Object.fromEntries(Object.entries(properties ?? {}).filter(([name]) => !name.startsWith(prefix)));

interface EndedUses {
  /** `none`: these steps have no use of the event. `all`: nothing uses the event any more. */
  readonly ended: 'none' | 'some' | 'all';
  readonly endsConference: boolean;
  /** The properties without the ended uses. */
  readonly properties: Properties;
}

/** Returns the event's properties after the end of the uses that steps with these keys have begun. */
export const endUses = (properties: Properties | undefined, keys: EventToDelete['keys']): EndedUses => {
  if (keys === 'all') return { ended: 'all', endsConference: true, properties: withoutUses(properties) };
  const ending = new Set(keys.map(digest));
  const uses = Object.entries(properties ?? {}).filter(([name]) => name.startsWith(prefix));
  const ended = uses.filter(([, key]) => ending.has(key)).map(([name]) => name);
  return {
    // An event without marks was stripped of them: only these steps can have written it.
    ended: ended.length === uses.length ? 'all' : ended.length === 0 ? 'none' : 'some',
    endsConference: ended.includes(conferenceProperty),
    properties: Object.fromEntries(
      Object.entries(properties ?? {}).filter(([name]) => !ended.includes(name)),
    ),
  };
};
