/** Formats the times of a slot in the reader's time zone and locale. */
import { DateTime, type DateTimeFormatOptions } from 'luxon';
import type { Slot } from '../../domain/audition/slot.ts';

interface LocaleAndZone {
  readonly zone: string;
  readonly locale: string;
}

/** Includes the short zone name, which distinguishes the two halves of a DST overlap. */
const longFormat: DateTimeFormatOptions = {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
};
/** Without the year: the weekday tells it, and a text message has 160 characters. */
const shortFormat: DateTimeFormatOptions = {
  ...longFormat,
  weekday: 'short',
  month: 'short',
  year: undefined,
};
const timeFormat: DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' };

const formatInstant = (
  instant: Slot['start'],
  { zone, locale }: LocaleAndZone,
  format: DateTimeFormatOptions,
): string => DateTime.fromISO(instant, { zone }).setLocale(locale).toLocaleString(format);

/** Returns "Tuesday, 1 December 2026 at 10:00 CET". */
export const formatStart = (slot: Slot, reader: LocaleAndZone): string =>
  formatInstant(slot.start, reader, longFormat);

/** Returns "10:30 CET". */
export const formatEnd = (slot: Slot, reader: LocaleAndZone): string =>
  formatInstant(slot.end, reader, timeFormat);

/** Returns "Tue 1 Dec, 10:00 CET", for a text message. */
export const formatShortStart = (slot: Slot, reader: LocaleAndZone): string =>
  formatInstant(slot.start, reader, shortFormat);
