/** Formats times for the reader of a page. The zone is named, because a link can be opened anywhere. */
import { DateTime } from 'luxon';
import type { Slot } from '../../../domain/audition/slot.ts';
import type { Instant } from '../../../domain/time/instant.ts';

const localTime = (at: Instant, zone: string, language: string): DateTime =>
  DateTime.fromISO(at, { zone }).setLocale(language);

/** Returns the date and the time in the zone. */
export const formatInstant = (at: Instant, zone: string, language: string): string => {
  const time = localTime(at, zone, language);
  return `${time.toLocaleString(DateTime.DATE_HUGE)}, ${time.toFormat('HH:mm')} (${zone})`;
};

/** Returns the date, the start and the end of the slot in the zone. */
export const formatSlot = ({ start, end }: Slot, zone: string, language: string): string => {
  const [begins, ends] = [localTime(start, zone, language), localTime(end, zone, language)];
  return `${begins.toLocaleString(DateTime.DATE_HUGE)}, ${begins.toFormat('HH:mm')}–${ends.toFormat('HH:mm')} (${zone})`;
};
