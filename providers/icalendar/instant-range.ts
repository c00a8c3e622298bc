/** Keeps times within the years that an instant can hold. Calendars contain others. */
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Span } from './series.ts';

/** All time. */
export const instantRange: Span = { start: Date.UTC(1000, 0, 1), end: Date.UTC(9999, 11, 31) };

/** Returns the instant; the first or the last one for a time outside the range. */
export const toInstantWithin = (epochMs: number): Instant =>
  toInstant(Math.min(Math.max(epochMs, instantRange.start), instantRange.end));
