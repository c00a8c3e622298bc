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
const shortFormat: DateTimeFormatOptions = { ...longFormat, weekday: 'short', month: 'short' };
const timeFormat: DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' };

const formatInstant = (
  instant: Slot['start'],
  { zone, locale }: LocaleAndZone,
  format: DateTimeFormatOptions,
): string => DateTime.fromISO(instant, { zone }).setLocale(locale).toLocaleString(format);

/**
 * Returns whether the clocks of the slot's place and of the reader's zone differ at the start or at the end of the
 * slot. Two zones with different names can have the same time.
 */
export const isOtherTimeAtPlace = (slot: Slot, { zone }: Pick<LocaleAndZone, 'zone'>): boolean =>
  [slot.start, slot.end].some((instant) => offsetOf(instant, slot.zone) !== offsetOf(instant, zone));

const offsetOf = (instant: Slot['start'], zone: string): number => DateTime.fromISO(instant, { zone }).offset;

/** Returns "Tuesday, December 1, 2026 at 10:00 AM GMT+1". */
export const formatStart = (slot: Slot, reader: LocaleAndZone): string =>
  formatInstant(slot.start, reader, longFormat);

/** Returns "10:30 AM GMT+1". */
export const formatEnd = (slot: Slot, reader: LocaleAndZone): string =>
  formatInstant(slot.end, reader, timeFormat);

/** Returns "Tue, Dec 1, 2026, 10:00 AM GMT+1", for a text message. */
export const formatShortStart = (slot: Slot, reader: LocaleAndZone): string =>
  formatInstant(slot.start, reader, shortFormat);
