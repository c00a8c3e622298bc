/** Chooses which sessions a feed shows when there are too many. */
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { Instant } from '../../domain/time/instant.ts';

/** Returns at most `limit` sessions, the earliest first: those that are not over at `now`, then the latest of the others. */
export const shownSessions = <Session extends TimeRange>(
  sessions: readonly Session[],
  now: Instant,
  limit: number,
): readonly Session[] => {
  const sorted = [...sessions].sort((a, b) => a.start.localeCompare(b.start));
  const ahead = sorted.filter(({ end }) => end > now).slice(0, limit);
  const over = sorted.filter(({ end }) => end <= now);
  return [...over.slice(Math.max(0, over.length - (limit - ahead.length))), ...ahead];
};
