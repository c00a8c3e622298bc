/**
 * Reads an answer to an invitation (iTIP, RFC 5546): a REPLY or a COUNTER. Other methods are named, and not read.
 */
import type { Answer } from '../../domain/audition/events.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { day } from '../../domain/time/units.ts';
import { addressOf } from './calendar-address.ts';
import { type Component, componentsNamed, linesNamed, readComponents, unfold } from './content-lines.ts';
import { sequenceOf } from './event.ts';
import { readOccurrences } from './occurrences.ts';
import { parameterOf } from './parameters.ts';
import { readTimes, textOf } from './properties.ts';
import { utc } from './zones/zone.ts';

export type SchedulingMessage =
  /** The text is no calendar, is too large, or has no METHOD or no event. */
  | { readonly kind: 'unreadable'; readonly reason: 'calendar_unreadable' | 'method_missing' }
  /** Neither a REPLY nor a COUNTER. */
  | { readonly kind: 'other_method'; readonly method: string }
  | {
      readonly kind: 'answers';
      readonly method: 'REPLY' | 'COUNTER';
      readonly answers: readonly InvitationAnswer[];
    };

export interface InvitationAnswer {
  readonly uid: string;
  /** The address, in NFC and lower case, and the answer of each attendee. RFC 5546 permits one. */
  readonly attendees: readonly Attendee[];
  readonly organizer: string | undefined;
  /** The SEQUENCE of the invitation that is answered. */
  readonly sequence: number | undefined;
  /** When the answer was given (DTSTAMP). */
  readonly at: Instant | undefined;
  /** Whether the answer is about one occurrence of a series. */
  readonly isOccurrence: boolean;
  /** The time of the event: in a REPLY the invited one, in a COUNTER the proposed one. */
  readonly slot: { readonly start: Instant; readonly end: Instant } | undefined;
}

interface Attendee {
  readonly address: string;
  /** Undefined for NEEDS-ACTION, DELEGATED and unknown values. */
  readonly answer: Answer | undefined;
}

/** An answer has one event and the definition of a zone. */
const longestText = 256 * 1024;
const mostEvents = 20;

/**
 * Returns the message. Bounded in time, whatever the text is.
 * @param named the method that the media type names (RFC 6047, section 2.4). It counts for a calendar without METHOD
 */
export const readSchedulingMessage = (text: string, named = ''): SchedulingMessage => {
  if (text.length > longestText) return { kind: 'unreadable', reason: 'calendar_unreadable' };
  const [calendar] = componentsNamed(readComponents(unfold(text)), 'VCALENDAR');
  if (!calendar) return { kind: 'unreadable', reason: 'calendar_unreadable' };
  const method = textOf(calendar, 'METHOD')?.trim().toUpperCase() || named;
  if (method === '') return { kind: 'unreadable', reason: 'method_missing' };
  if (method !== 'REPLY' && method !== 'COUNTER') return { kind: 'other_method', method };
  const events = componentsNamed([calendar], 'VEVENT');
  const answers = events.slice(0, mostEvents).flatMap((event) => answerOf(event, text) ?? []);
  return answers.length === 0
    ? { kind: 'unreadable', reason: 'calendar_unreadable' }
    : { kind: 'answers', method, answers };
};

const answerOf = (event: Component, text: string): InvitationAnswer | undefined => {
  const uid = textOf(event, 'UID')?.trim();
  if (!uid) return undefined;
  const [stamp] = linesNamed(event, 'DTSTAMP').flatMap((line) => readTimes(line).times);
  return {
    uid,
    attendees: linesNamed(event, 'ATTENDEE').map((line) => ({
      address: addressOf(line),
      answer: answersByStatus.get(parameterOf(line, 'PARTSTAT')?.toUpperCase() ?? ''),
    })),
    organizer: linesNamed(event, 'ORGANIZER').map(addressOf)[0],
    sequence: sequenceOf(event),
    at: stamp?.form === 'utc' ? instantWithin(stamp.localMs) : undefined,
    isOccurrence: linesNamed(event, 'RECURRENCE-ID').length > 0,
    slot: isRepeated(event) ? undefined : slotOf(text, uid),
  };
};

/** RFC 5545, section 3.2.12. */
const answersByStatus: ReadonlyMap<string, Answer> = new Map([
  ['ACCEPTED', 'accepted'],
  ['DECLINED', 'declined'],
  ['TENTATIVE', 'tentative'],
]);

/** The last instant that JavaScript can print with four digits of the year. */
const lastMs = Date.UTC(9999, 11, 31);
const instantWithin = (ms: number): Instant | undefined =>
  ms > 0 && ms < lastMs ? toInstant(ms) : undefined;

const isRepeated = (event: Component): boolean =>
  ['RRULE', 'RDATE'].some((name) => linesNamed(event, name).length > 0);

/** Returns when the event is; undefined when it lasts all day or has no time that can be read. */
const slotOf = (text: string, uid: string): InvitationAnswer['slot'] => {
  const now = Date.now();
  const window = { start: now, end: now + day };
  const found = readOccurrences(text, { window, owner: utc, addresses: new Set() }, () => {}).filter(
    (occurrence) => occurrence.uid === uid,
  );
  const [occurrence] = found;
  if (!occurrence || found.length > 1 || occurrence.isAllDay || occurrence.start >= occurrence.end)
    return undefined;
  return { start: occurrence.start, end: occurrence.end };
};
