/** The limits of reading calendar feeds. */
import { day, minute, second } from '../../domain/time/units.ts';

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

/** The windows of one feed whose busy times are remembered. */
export const rememberedWindows = 3;

/** A window with more busy times is not remembered. A month of separate half hours has 1,500. */
export const mostRememberedSpans = 2_000;

/** How far ahead the events of a feed are listed: a slot can be booked a year ahead. */
export const listedAheadMs = 400 * day;

/** The events are listed again when the list reaches less far ahead. */
export const shortestListMs = 370 * day;

/** A longer UID is none of ours. In characters. */
export const longestUid = 500;
