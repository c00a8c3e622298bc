/**
 * Parses times as people write them: a local time in a zone, or a time with an offset. Clock changes skip and repeat
 * local times. Such a time is refused and never guessed, because a wrong guess is a missed audition.
 */
import { DateTime, FixedOffsetZone } from 'luxon';
import { Refusal } from '../errors.ts';
import { toInstant } from './epoch.ts';
import type { Instant } from './instant.ts';
import { isKnownZone } from './known-zone.ts';
import { day, minute } from './units.ts';
import { isZoneName } from './zone-names.ts';

/** Zone offsets range from -12:00 to +14:00. */
const widestOffsetMinutes = 14 * 60;

/**
 * Checks that `zone` is a name in the IANA database, in its exact spelling. Node also accepts `+01:00` and
 * `Europe/paris`; calendars do not.
 * @param pointers JSON pointer of the zone in the request
 * @throws Refusal `unknown_zone`
 */
export const checkZone = (zone: string, pointers: readonly string[] = []): void => {
  if (isZoneName(zone) && isKnownZone(zone)) return;
  throw new Refusal(
    'unknown_zone',
    `There is no time zone called "${zone}".`,
    'Use a name from the IANA time zone database, such as Europe/Paris or America/New_York.',
    pointers,
  );
};

/**
 * Returns the instant of `text`. A time without an offset (`2026-12-01T10:00`) is local to `zone`. A time with an
 * offset or `Z` ignores `zone`.
 * @param pointers JSON pointer of the time in the request
 * @throws Refusal `unknown_zone`, `invalid_body` (no such date), `local_time_in_gap` or `local_time_ambiguous`
 */
export const parseLocalTime = (text: string, zone: string, pointers: readonly string[] = []): Instant => {
  checkZone(zone, pointers);
  const hasOffset = /(Z|[+-]\d\d:\d\d)$/.test(text);
  const time = DateTime.fromISO(text, hasOffset ? { setZone: true } : { zone });
  if (!time.isValid || Math.abs(time.offset) > widestOffsetMinutes) throw noSuchTime(text, pointers);
  if (!hasOffset) checkClock(text, time, zone, pointers);
  try {
    return toInstant(time.toMillis());
  } catch (error) {
    if (error instanceof RangeError) throw noSuchTime(text, pointers);
    throw error;
  }
};

const noSuchTime = (text: string, pointers: readonly string[]): Refusal =>
  new Refusal(
    'invalid_body',
    `"${text}" is not a time that exists.`,
    'Check day, month and hour, and write it as 2026-12-01T10:00 or 2026-12-01T10:00+01:00.',
    pointers,
  );

const checkClock = (text: string, time: DateTime<true>, zone: string, pointers: readonly string[]): void => {
  // The same digits read as UTC. Both values agree when the local time exists in the zone.
  const asWritten = DateTime.fromISO(text, { zone: 'utc' }).toMillis();
  if (time.toMillis() + time.offset * minute !== asWritten) throw inGap(text, asWritten, zone, pointers);
  const [first, second] = time.getPossibleOffsets();
  if (!second) return;
  const choices = [first, second]
    .filter((choice) => choice !== undefined)
    .map((choice) => `${text}${FixedOffsetZone.instance(choice.offset).formatOffset(0, 'short')}`);
  throw new Refusal(
    'local_time_ambiguous',
    `In ${zone} the clock is set back that day and shows "${text}" twice.`,
    `Add the offset: write ${choices.join(' or ')}.`,
    pointers,
  );
};

const inGap = (text: string, asWritten: number, zone: string, pointers: readonly string[]): Refusal => {
  const jump = firstInstantAfterGap(asWritten, zone);
  const written = (epochMs: number) => DateTime.fromMillis(epochMs, { zone }).toFormat("yyyy-MM-dd'T'HH:mm");
  return new Refusal(
    'local_time_in_gap',
    `In ${zone} the clock is set forward that day and never shows "${text}".`,
    `The nearest times that exist are ${written(jump - minute)} and ${written(jump)}.`,
    pointers,
  );
};

/** Returns the moment of the clock change that skips the local time `asWritten` (epoch milliseconds, read as UTC). */
const firstInstantAfterGap = (asWritten: number, zone: string): number => {
  const offsetAt = (epochMs: number) => DateTime.fromMillis(epochMs, { zone }).offset;
  let before = asWritten - day;
  let after = asWritten + day;
  const oldOffset = offsetAt(before);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle) === oldOffset) before = middle;
    else after = middle;
  }
  return after;
};
