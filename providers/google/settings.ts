/** Google Calendar's facts. */

export interface GoogleSettings {
  /** Origin only: the library drops a path. */
  readonly apiUrl: string;
  readonly oauthUrl: string;
  /** Where people consent. */
  readonly authUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** One exchange with Google; the activity's own timeout is longer. */
export const googleDeadlineMs = 10_000;

/** A token that expires within this time is renewed before it is used. */
export const eagerRefreshMs = 5 * 60_000;

/** Calendars in one free/busy query: https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query */
export const calendarsPerQuery = 50;

/** How long to wait, in turn, for a conference that is still being made. */
export const conferencePollMs: readonly number[] = [200, 400, 800, 1_600];

const scope = (name: string): string => `https://www.googleapis.com/auth/${name}`;

/**
 * https://developers.google.com/workspace/calendar/api/auth and, for who the account is,
 * https://developers.google.com/identity/openid-connect/openid-connect. Spelled as Google answers: it gives `email` back
 * as `userinfo.email`.
 */
export const googleScopes = {
  required: ['openid', scope('userinfo.email'), scope('calendar.events'), scope('calendar.freebusy')],
  optional: [scope('calendar.calendarlist.readonly')],
} as const;

/** Wider scopes, and short names, with those of ours that they stand for. */
export const googleScopesMeant: Readonly<Record<string, readonly string[]>> = {
  email: [scope('userinfo.email')],
  [scope('calendar')]: [
    scope('calendar.events'),
    scope('calendar.freebusy'),
    scope('calendar.calendarlist.readonly'),
  ],
};
