/** Google Calendar's facts. */

export interface GoogleSettings {
  /** Origin only: the library drops a path. */
  readonly apiUrl: string;
  readonly oauthUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** One exchange with Google; the activity's own timeout is longer. */
export const googleDeadlineMs = 10_000;

/** A token that expires within this time is renewed before it is used. */
export const eagerRefreshMs = 5 * 60_000;

/** Connections whose access token is kept in memory. */
export const cachedConnections = 500;

/** Calendars in one free/busy query: https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query */
export const calendarsPerQuery = 50;

/** How long to wait, in turn, for a conference that is still being made. */
export const conferencePollMs: readonly number[] = [200, 400, 800, 1_600];
