/** The limits of reading calendar feeds. */
import { minute, second } from '../../domain/time/units.ts';

/** The longest address that is accepted, in characters. */
export const longestAddress = 2_000;

/** The deadline of one download with its redirects. All calls of one attempt of an activity have 8 s. */
export const downloadDeadlineMs = 6 * second;

/** The largest feed that is read, in bytes after decompression: about 25,000 events. */
export const largestFeed = 16_000_000;

/** A feed is not requested again within this time. Publishers update feeds every few minutes or hours. */
export const freshMs = minute;

/** While a feed cannot be read, its copy counts for this long after it was last up to date. */
export const longestOutageMs = 60 * minute;

/** The copies that one process keeps, in characters. The least recently used ones are dropped. */
export const largestCopies = 64_000_000;

/** The feeds that one process keeps as they were read, in characters of their text: about 40 feeds with 5,000 events. */
export const largestPrepared = 32_000_000;

/** The most busy times of one feed in one window. */
export const maxBusyTimes = 50_000;
