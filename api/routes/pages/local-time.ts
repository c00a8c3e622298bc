/** Formats times for the reader of a page, with the weekday and the name of the month, on a clock of 24 hours. The zone is named, because a link can be opened anywhere. */
import { DateTime } from 'luxon';
import type { Slot } from '../../../domain/audition/slot.ts';
import type { Instant } from '../../../domain/time/instant.ts';

const localTime = (at: Instant, zone: string, locale: string): DateTime =>
  DateTime.fromISO(at, { zone }).setLocale(locale);

/** Returns the date and the time in the zone. */
export const formatInstant = (at: Instant, zone: string, locale: string): string => {
  const time = localTime(at, zone, locale);
  return `${time.toLocaleString(DateTime.DATE_HUGE)}, ${time.toFormat('HH:mm')} (${zone})`;
};

/** Returns the date, the start and the end of the slot in the zone. */
export const formatSlot = ({ start, end }: Slot, zone: string, locale: string): string => {
  const [begins, ends] = [localTime(start, zone, locale), localTime(end, zone, locale)];
  return `${begins.toLocaleString(DateTime.DATE_HUGE)}, ${begins.toFormat('HH:mm')}–${ends.toFormat('HH:mm')} (${zone})`;
};
