/** Parses ISO 8601 durations. A day is 24 hours, regardless of clock changes. */
import { Duration } from 'luxon';
import { Refusal } from '../errors.ts';

const longest = Duration.fromObject({ days: 366 }).toMillis();

/**
 * Returns the duration in milliseconds: `PT90M` is 5 400 000.
 * @param pointers JSON pointer of the duration in the request
 * @throws Refusal `invalid_body` when the text is not a duration, is negative, or is longer than 366 days
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
