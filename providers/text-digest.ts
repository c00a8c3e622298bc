/**
 * Identifies the texts of an event that this service has written last. A text that a person has edited stays until ours is
 * another one. The texts are compared field by field: the edited title stays when only the room is another one.
 */
import { createHash } from 'node:crypto';
import { type CalendarText, calendarTexts } from '../domain/audition/events.ts';
import type { CalendarEvent, EditedText } from './ports.ts';

/** The texts of an event. */
export type EventTexts = Pick<CalendarEvent, 'summary' | 'description' | 'location'>;

/** The fields whose texts this service writes, in the order of the mark. */
const textFields = ['summary', 'description', 'location'] as const;
export type TextField = (typeof textFields)[number];

/** No digest contains it. */
const separator = '.';

/** Three of them fit into one line of iCalendar. */
const digestLength = 16;

/** Returns the digest of a text, of 16 hexadecimal digits by default. */
const digestOf = (text: string, length = digestLength): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

const textIn = (texts: Partial<EventTexts>, field: TextField): string => texts[field] ?? '';

/** Returns the digests of our texts. They are stored with the event, and no text is stored twice. */
export const textMarkOf = (texts: EventTexts): string =>
  textFields.map((field) => digestOf(textIn(texts, field))).join(separator);

/** The mark of earlier versions of this service: one digest of all texts. */
const formerMarkOf = (texts: EventTexts): string =>
  digestOf(JSON.stringify(textFields.map((field) => textIn(texts, field))), 24);

/**
 * Returns the fields in which our text is another one than was written last. A mark of an earlier version says only whether
 * one of them is: then all are written.
 * @param mark as it is stored with the event; undefined when it has none
 * @param stored the texts of the event, which decide without a mark
 */
export const changedTexts = (
  mark: string | undefined,
  texts: EventTexts,
  stored: Partial<EventTexts>,
): ReadonlySet<TextField> => {
  if (mark === undefined)
    return new Set(textFields.filter((field) => textIn(stored, field) !== textIn(texts, field)));
  const written = mark.split(separator);
  if (written.length !== textFields.length) return new Set(mark === formerMarkOf(texts) ? [] : textFields);
  return new Set(textFields.filter((field, at) => written[at] !== digestOf(textIn(texts, field))));
};

/** Every field, for an event that is new, or is revived. */
export const allTexts: ReadonlySet<TextField> = new Set(textFields);

/** The name of each text that is compared with what a calendar has. */
const comparedTexts = {
  title: 'summary',
  place: 'location',
  description: 'description',
} as const satisfies Record<CalendarText, TextField>;

/** The texts of an event as a calendar has them. Undefined: this text cannot be compared. */
export type StoredTexts = Readonly<Partial<Record<CalendarText, string | undefined>>>;

/**
 * Returns the texts that are not as this service has written them: a person has edited them. An event without a mark, and one
 * with the mark of an earlier version, has no text that can be compared.
 * @param mark as it is stored with the event
 * @param stored an empty text and a removed one are the same
 * @param salt our id of the event, so that equal texts in two events have different digests
 */
export const editedTexts = (
  mark: string | undefined,
  stored: StoredTexts,
  salt: string,
): readonly EditedText[] => {
  const written = mark?.split(separator) ?? [];
  if (written.length !== textFields.length) return [];
  return calendarTexts.flatMap((text) => {
    const found = stored[text];
    const mark = written[textFields.indexOf(comparedTexts[text])];
    const isEdited = found !== undefined && !lineEndings(found).some((form) => digestOf(form) === mark);
    return isEdited ? [{ text, digest: digestOf(`${salt}\n${found}`) }] : [];
  });
};

/** A calendar can return other line endings than were written. */
const lineEndings = (text: string): readonly string[] => [text, text.replaceAll(/\r?\n/g, '\r\n')];

/**
 * Returns the edited texts that a write replaces: ours are others than were written last, and others than the person's.
 * @param mark as it was stored with the event before the write
 */
export const overwrittenTexts = (
  mark: string | undefined,
  event: Pick<CalendarEvent, 'eventId' | 'summary' | 'description' | 'location'>,
  stored: StoredTexts,
): readonly CalendarText[] => {
  const changed = changedTexts(mark, event, {});
  return editedTexts(mark, stored, event.eventId)
    .map(({ text }) => text)
    .filter((text) => {
      const field = comparedTexts[text];
      return changed.has(field) && stored[text] !== textIn(event, field);
    });
};
