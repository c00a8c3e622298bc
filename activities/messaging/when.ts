/** A slot in words: by the clock of the reader's zone, in the manner of the reader's language. */
import { DateTime, type DateTimeFormatOptions } from 'luxon';
import type { Slot } from '../../domain/audition/slot.ts';

interface Reader {
  readonly zone: string;
  readonly locale: string;
}

/** With the zone's short name, which is what tells the two halves of an overlap apart. */
const long: DateTimeFormatOptions = {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
};
const short: DateTimeFormatOptions = { ...long, weekday: 'short', month: 'short' };
const clock: DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' };

const inWords = (instant: Slot['start'], { zone, locale }: Reader, format: DateTimeFormatOptions): string =>
  DateTime.fromISO(instant, { zone }).setLocale(locale).toLocaleString(format);

/** "Tuesday, December 1, 2026 at 10:00 AM GMT+1". */
export const startInWords = (slot: Slot, reader: Reader): string => inWords(slot.start, reader, long);

/** "10:30 AM GMT+1". */
export const endInWords = (slot: Slot, reader: Reader): string => inWords(slot.end, reader, clock);

/** "Tue, Dec 1, 2026, 10:00 AM GMT+1", for a text message. */
export const startInShort = (slot: Slot, reader: Reader): string => inWords(slot.start, reader, short);
