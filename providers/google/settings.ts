/** Defines the settings, environment variables, deadlines and scopes of Google. */
import type { z } from 'zod';
import { sandboxAddress } from '../../foundation/configuration/defaults.ts';
import type { VariableGroup } from '../../foundation/configuration/variable-group.ts';
import {
  count,
  notEmpty,
  origin,
  variableMetadata,
  webAddress,
} from '../../foundation/configuration/variable-types.ts';

export interface GoogleSettings {
  /** An origin: the library drops a path. */
  readonly apiUrl: string;
  /** The origin of the Admin SDK, which lists rooms. */
  readonly adminUrl: string;
  /** The origin of the Meet API. */
  readonly meetUrl: string;
  readonly oauthUrl: string;
  /** The origin of the consent page. */
  readonly authUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly quotas?: { readonly 'google.requests_per_minute': number };
}

/** The deadline of one exchange with Google. The activity's timeout is longer. */
export const googleDeadlineMs = 10_000;

/** A token that expires within this time is refreshed before it is used. */
export const eagerRefreshMs = 5 * 60_000;

/** Calendars in one free/busy query: https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query */
export const calendarsPerQuery = 50;

/** Events in one page of a list: https://developers.google.com/workspace/calendar/api/v3/reference/events/list */
export const eventsPerPage = 2_500;
/** The most pages of one list. A month has fewer events, even in the calendar of a whole company. */
export const maxEventPages = 8;

/** Events in one page of changes. Fewer than Google allows, so that a page arrives within the deadline of an exchange. */
export const changesPerPage = 500;
/** How many events are read simultaneously. */
export const readsAtOnce = 8;
/**
 * How many events of a list one page reads at most. The next pages read the others. The quota of the page counts them, so they are
 * few beside the requests of a minute.
 */
export const readsPerPage = 40;

/** Returns how many events one page reads: at most a quarter of the requests of a minute, so that claims find some. */
export const readsPerPageOf = (requestsPerMinute: number | undefined): number =>
  requestsPerMinute ? Math.min(readsPerPage, Math.max(1, Math.floor(requestsPerMinute / 4))) : readsPerPage;

/** For how long a page begins to read events. */
export const readingMs = 5_000;
/** The deadline of a page: what is read in `readingMs`, the requests that have begun by then, and a request for the calendar. */
export const pageDeadlineMs = 35_000;

/** The delays between polls for a conference that is still being created. */
export const conferencePollMs: readonly number[] = [200, 400, 800, 1_600];

const scope = (name: string): string => `https://www.googleapis.com/auth/${name}`;

/**
 * The OAuth scopes: https://developers.google.com/workspace/calendar/api/auth and, for the account's identity,
 * https://developers.google.com/identity/openid-connect/openid-connect. Spelled as in Google's answers, which return
 * `email` as `userinfo.email`.
 */
export const googleScopes = {
  required: ['openid', scope('userinfo.email'), scope('calendar.events'), scope('calendar.freebusy')],
  optional: [
    scope('calendar.calendarlist.readonly'),
    scope('admin.directory.resource.calendar.readonly'),
    scope('meetings.space.settings'),
    scope('meetings.space.readonly'),
    scope('drive.meet.readonly'),
  ],
} as const;

/** Lists the calendars of the person, with the rooms that the person has added. */
export const calendarListScope = scope('calendar.calendarlist.readonly');
/**
 * Lists all rooms of the organization, for an administrator of its Workspace:
 * https://developers.google.com/workspace/admin/directory/v1/guides/authorizing
 */
export const directoryScope = scope('admin.directory.resource.calendar.readonly');

/**
 * Reads and changes the settings of all meetings of the person:
 * https://developers.google.com/workspace/meet/api/guides/authenticate-authorize. The narrower scope
 * `meetings.space.created` covers meetings that were created with the Meet API, and ours are created with an event.
 */
export const meetSettingsScope = scope('meetings.space.settings');
/** Reads who was in the meetings of the person. */
export const meetRecordsScope = scope('meetings.space.readonly');

/**
 * Downloads the files that Meet has written to the Drive of the person, and no others:
 * https://developers.google.com/workspace/drive/api/guides/api-specific-auth. Google calls it restricted: an app that people
 * outside of its own organization use must pass a security assessment.
 */
export const meetFilesScope = scope('drive.meet.readonly');

/** How long the settings of a meeting can take. The meeting is usable without them. */
export const meetSettingsDeadlineMs = 6_000;

/** Wider scopes and short names, with our scopes that they include. */
export const googleScopeAliases: Readonly<Record<string, readonly string[]>> = {
  email: [scope('userinfo.email')],
  [scope('calendar')]: [
    scope('calendar.events'),
    scope('calendar.freebusy'),
    scope('calendar.calendarlist.readonly'),
  ],
  [scope('drive')]: [scope('drive.meet.readonly')],
  [scope('drive.readonly')]: [scope('drive.meet.readonly')],
  [scope('admin.directory.resource.calendar')]: [scope('admin.directory.resource.calendar.readonly')],
};

export const googleVariables = {
  shape: {
    GOOGLE_API_URL: origin().register(variableMetadata, {
      group: 'Google',
      about: 'The origin of the Calendar API. Google’s client drops a path, so none is accepted.',
      form: 'an origin without a path, such as https://www.googleapis.com',
    }),
    GOOGLE_ADMIN_URL: origin().register(variableMetadata, {
      group: 'Google',
      about:
        'The origin of the Admin SDK, which lists rooms. When GOOGLE_API_URL is not Google’s server, the default is the origin of GOOGLE_API_URL.',
      form: 'an origin without a path, such as https://admin.googleapis.com',
    }),
    GOOGLE_MEET_URL: origin().register(variableMetadata, {
      group: 'Google',
      about:
        'The origin of the Meet API, which has the settings and the attendance of meetings. When GOOGLE_API_URL is not Google’s server, the default is the origin of GOOGLE_API_URL.',
      form: 'an origin without a path, such as https://meet.googleapis.com',
    }),
    GOOGLE_OAUTH_URL: webAddress().register(variableMetadata, {
      group: 'Google',
      about:
        'Where tokens are exchanged and revoked: `/token` and `/revoke` are appended, unless the server says otherwise in its OpenID configuration.',
      form: 'an address such as https://oauth2.googleapis.com',
    }),
    GOOGLE_AUTH_URL: webAddress().register(variableMetadata, {
      group: 'Google',
      about:
        'Where people consent (`/o/oauth2/v2/auth` is appended). When GOOGLE_OAUTH_URL is not Google’s server, the default is the origin of GOOGLE_OAUTH_URL.',
      form: 'an address such as https://accounts.google.com',
    }),
    GOOGLE_CLIENT_ID: notEmpty().register(variableMetadata, {
      group: 'Google',
      about: 'The OAuth client.',
      form: 'the client id shown in the Google Cloud console',
    }),
    GOOGLE_CLIENT_SECRET: notEmpty().register(variableMetadata, {
      group: 'Google',
      about: 'The OAuth client’s secret.',
      form: 'the client secret shown in the Google Cloud console',
      secret: true,
    }),
    GOOGLE_REQUESTS_PER_MINUTE: count().register(variableMetadata, {
      group: 'Google',
      about:
        'The requests per minute and user that Google allows the project, as on the quota page of the Google Cloud console. Further calls wait. 0: no limit of ours.',
      form: 'a whole number, such as 600',
    }),
  },
  everywhere: { GOOGLE_REQUESTS_PER_MINUTE: '600' },
  deployed: {
    GOOGLE_API_URL: 'https://www.googleapis.com',
    GOOGLE_ADMIN_URL: 'https://admin.googleapis.com',
    GOOGLE_MEET_URL: 'https://meet.googleapis.com',
    GOOGLE_OAUTH_URL: 'https://oauth2.googleapis.com',
    GOOGLE_AUTH_URL: 'https://accounts.google.com',
  },
  local: {
    GOOGLE_API_URL: sandboxAddress,
    GOOGLE_ADMIN_URL: sandboxAddress,
    GOOGLE_MEET_URL: sandboxAddress,
    GOOGLE_OAUTH_URL: sandboxAddress,
    GOOGLE_AUTH_URL: sandboxAddress,
    GOOGLE_CLIENT_ID: 'sandbox-google-client',
    GOOGLE_CLIENT_SECRET: 'sandbox-google-secret',
  },
  credentials: ['GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'],
  webAddresses: [
    'GOOGLE_API_URL',
    'GOOGLE_ADMIN_URL',
    'GOOGLE_MEET_URL',
    'GOOGLE_OAUTH_URL',
    'GOOGLE_AUTH_URL',
  ],
  dependent: ({ GOOGLE_OAUTH_URL, GOOGLE_API_URL }) => ({
    ...consentBesideTokens(GOOGLE_OAUTH_URL),
    ...besideCalendars(GOOGLE_API_URL),
  }),
} as const satisfies VariableGroup;

type Set = z.output<z.ZodObject<typeof googleVariables.shape>>;

/** Returns the settings from the parsed variables. */
export const googleSettingsOf = (set: Set): GoogleSettings => ({
  apiUrl: set.GOOGLE_API_URL,
  adminUrl: set.GOOGLE_ADMIN_URL,
  meetUrl: set.GOOGLE_MEET_URL,
  oauthUrl: set.GOOGLE_OAUTH_URL,
  authUrl: set.GOOGLE_AUTH_URL,
  clientId: set.GOOGLE_CLIENT_ID,
  clientSecret: set.GOOGLE_CLIENT_SECRET,
  quotas: { 'google.requests_per_minute': set.GOOGLE_REQUESTS_PER_MINUTE },
});

/** The default of GOOGLE_AUTH_URL: the origin of GOOGLE_OAUTH_URL when that is not Google's server. */
const consentBesideTokens = (oauthUrl: string | undefined): { readonly GOOGLE_AUTH_URL?: string } =>
  oauthUrl && oauthUrl !== googleVariables.deployed.GOOGLE_OAUTH_URL && URL.canParse(oauthUrl)
    ? { GOOGLE_AUTH_URL: new URL(oauthUrl).origin }
    : {};

/** The defaults of GOOGLE_ADMIN_URL and GOOGLE_MEET_URL: the origin of GOOGLE_API_URL when that is not Google's server. */
const besideCalendars = (
  apiUrl: string | undefined,
): { readonly GOOGLE_ADMIN_URL?: string; readonly GOOGLE_MEET_URL?: string } => {
  if (!apiUrl || apiUrl === googleVariables.deployed.GOOGLE_API_URL || !URL.canParse(apiUrl)) return {};
  const { origin } = new URL(apiUrl);
  return { GOOGLE_ADMIN_URL: origin, GOOGLE_MEET_URL: origin };
};
