/** Epoch milliseconds. A test hands in its own to make tokens expire and days end. */
export type Clock = () => number;

/** RFC 3339 in UTC without milliseconds, as Zoom writes times; a fraction is rounded up, never into the past. */
export const wholeSeconds = (epochMs: number): string =>
  `${new Date(Math.ceil(epochMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;
