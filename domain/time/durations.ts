/** ISO 8601 durations as milliseconds. A day is 24 hours: a duration is a length, not a date. */
import { Duration } from 'luxon';
import { Refusal } from '../errors.ts';

const longest = Duration.fromObject({ days: 366 }).toMillis();

/**
 * `PT90M` is 5 400 000. Throws `Refusal` `invalid_body` for anything that is not a duration, and for what is longer
 * than a year: a timer that long is a mistake in the request. `at` is the JSON pointer of the duration.
 */
export const parseDuration = (text: string, pointers: readonly string[] = []): number => {
  const duration = Duration.fromISO(text);
  const ms = duration.toMillis();
  if (duration.isValid && ms >= 0 && ms <= longest) return ms;
  throw new Refusal(
    'invalid_body',
    `"${text}" is not a duration of at most 366 days.`,
    'Write a duration as PT24H, P2D or PT90M.',
    pointers,
  );
};
