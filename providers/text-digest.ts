/**
 * Identifies the texts of an event that this service has written last. A text that a person has edited stays until ours is
 * another one. The texts are compared field by field: the edited title stays when only the room is another one.
 */
import { createHash } from 'node:crypto';
import type { CalendarEvent } from './ports.ts';

/** The texts of an event. */
export type EventTexts = Pick<CalendarEvent, 'summary' | 'description' | 'location'>;

/** The fields whose texts this service writes, in the order of the mark. */
const textFields = ['summary', 'description', 'location'] as const;
export type TextField = (typeof textFields)[number];

/** No digest contains it. */
const separator = '.';

/** Three of them fit into one line of iCalendar. */
const digestLength = 16;

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
