/** Apple's facts, and those of every other CalDAV server that an account may be on. */

export interface AppleSettings {
  /** Taken where a person names no server. */
  readonly caldavUrl: string;
}

/** All requests of one discovery; a person waits for it. */
export const discoveryDeadlineMs = 15_000;

/** More than any answer of a discovery holds: whoever sends more is no CalDAV server. */
export const largestAnswer = 1_000_000;
