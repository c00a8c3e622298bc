/**
 * Parses `Retry-After` in the forms that vendors send: seconds or an HTTP date (RFC 9110, section 10.2.3), and from Zoom
 * an ISO 8601 timestamp (https://developers.zoom.us/docs/api/rate-limits/).
 */

const maxDelayMs = 24 * 3_600_000;

/**
 * Returns milliseconds from `now`, between 0 and one day; undefined when the header is absent or unreadable.
 *
 * @param now epoch milliseconds.
 */
export const retryAfterMs = (header: string | undefined, now: number): number | undefined => {
  const text = header?.trim();
  if (!text) return undefined;
  const delay = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(delay) ? Math.min(Math.max(Math.ceil(delay), 0), maxDelayMs) : undefined;
};
