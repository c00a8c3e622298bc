/** Defines the settings, environment variables, deadlines and scopes of Microsoft. */
import type { z } from 'zod';
import { sandboxAddress } from '../../foundation/configuration/defaults.ts';
import type { VariableGroup } from '../../foundation/configuration/variable-group.ts';
import { notEmpty, variableMetadata, webAddress } from '../../foundation/configuration/variable-types.ts';

export interface MicrosoftSettings {
  readonly graphUrl: string;
  readonly loginUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** `common`, `organizations`, or a tenant's id. */
  readonly tenantId: string;
}

/** The deadline of one exchange with Microsoft. The activity's timeout is longer. */
export const microsoftDeadlineMs = 10_000;

/** Events in one page of a calendar view, at most 1,000: https://learn.microsoft.com/graph/api/calendar-list-calendarview */
export const eventsPerPage = 1_000;
/** The most pages of one list. A month has fewer events, even in the calendar of a whole company. */
export const maxEventPages = 20;

/**
 * Changes in one page of a change query. It has no `$select`, so each change contains the text and the people of its
 * event: the answer must arrive within the deadline of an exchange.
 */
export const changesPerPage = 50;
/** Changes in a page that is requested again because the first one did not arrive in time. */
export const changesPerSlowPage = 5;

/**
 * For how long a page begins to read what its change query leaves out. A page of 50 changes can need 50 requests. A call
 * that lasts holds one of the four places of the mailbox, which claims need as well.
 */
export const readingMs = 5_000;

/**
 * The deadline of a page: the change query, a second one after a timeout, what is read in `readingMs`, and the request
 * that has begun by then.
 */
export const pageDeadlineMs = 35_000;

/** Occurrences in one page of a series that did not arrive in time. */
export const eventsPerSlowPage = 100;

/** After so many failed reads in a row, a page reads nothing more: Graph can fail as a whole. */
export const mostFailuresInRow = 3;

/** A listing with more unread series reads them before its end. Their ids are stored with each page: 150 bytes each. */
export const maxUnreadSeries = 200;

/** The scopes of the sign-in. The library adds them to every request. */
export const signInScopes = ['openid', 'profile', 'offline_access'] as const;

/** Creates, changes, reads and deletes the Teams meetings of the account. */
export const meetingScope = 'OnlineMeetings.ReadWrite';
/** Reads who was in the Teams meetings of the account. */
export const attendanceScope = 'OnlineMeetingArtifact.Read.All';

/**
 * Read the recordings and the transcripts of the meetings that the account organizes:
 * https://learn.microsoft.com/graph/api/callrecording-get and https://learn.microsoft.com/graph/api/calltranscript-get.
 */
export const recordingScope = 'OnlineMeetingRecording.Read.All';
export const transcriptScope = 'OnlineMeetingTranscript.Read.All';

/**
 * The OAuth scopes: https://learn.microsoft.com/graph/permissions-reference and, for the sign-in,
 * https://learn.microsoft.com/entra/identity-platform/scopes-oidc. None needs an administrator, unless the tenant
 * requires one. Online meetings and places are for work and school accounts only.
 */
export const microsoftScopes = {
  required: [...signInScopes, 'Calendars.ReadWrite'],
  optional: [
    meetingScope,
    attendanceScope,
    recordingScope,
    transcriptScope,
    'Place.Read.All',
    'Calendars.Read.Shared',
  ],
} as const;

/**
 * Reads calendars that other people share with the account:
 * https://learn.microsoft.com/graph/permissions-reference#calendarsreadshared
 */
export const sharedCalendarsScope = 'Calendars.Read.Shared';

/** The scopes of an access token. The library adds the sign-in scopes. */
export const graphScopes = ['Calendars.ReadWrite'] as const;

export const microsoftVariables = {
  shape: {
    MICROSOFT_GRAPH_URL: webAddress().register(variableMetadata, {
      group: 'Microsoft',
      about: 'Microsoft Graph (`/v1.0` is appended).',
      form: 'an address such as https://graph.microsoft.com',
    }),
    MICROSOFT_LOGIN_URL: webAddress().register(variableMetadata, {
      group: 'Microsoft',
      about:
        'Where people consent and tokens are issued: `/<tenant>/oauth2/v2.0/…` is appended, unless the server says otherwise in its OpenID configuration.',
      form: 'an address such as https://login.microsoftonline.com',
    }),
    MICROSOFT_CLIENT_ID: notEmpty().register(variableMetadata, {
      group: 'Microsoft',
      about: 'The app registration.',
      form: 'the application (client) id shown in the Entra admin center',
    }),
    MICROSOFT_CLIENT_SECRET: notEmpty().register(variableMetadata, {
      group: 'Microsoft',
      about: 'The registration’s client secret.',
      form: 'the value of a client secret of the app registration',
      secret: true,
    }),
    MICROSOFT_TENANT_ID: notEmpty().register(variableMetadata, {
      group: 'Microsoft',
      about:
        'Which accounts can be connected: `common` means all, `organizations` work and school accounts, a tenant id the accounts of that tenant.',
      form: 'common, organizations, or the id of a tenant',
    }),
  },
  everywhere: { MICROSOFT_TENANT_ID: 'common' },
  deployed: {
    MICROSOFT_GRAPH_URL: 'https://graph.microsoft.com',
    MICROSOFT_LOGIN_URL: 'https://login.microsoftonline.com',
  },
  local: {
    MICROSOFT_GRAPH_URL: sandboxAddress,
    MICROSOFT_LOGIN_URL: sandboxAddress,
    MICROSOFT_CLIENT_ID: 'sandbox-microsoft-client',
    MICROSOFT_CLIENT_SECRET: 'sandbox-microsoft-secret',
  },
  credentials: ['MICROSOFT_CLIENT_ID', 'MICROSOFT_CLIENT_SECRET'],
  webAddresses: ['MICROSOFT_GRAPH_URL', 'MICROSOFT_LOGIN_URL'],
} as const satisfies VariableGroup;

type Set = z.output<z.ZodObject<typeof microsoftVariables.shape>>;

/** Returns the settings from the parsed variables. */
export const microsoftSettingsOf = (set: Set): MicrosoftSettings => ({
  graphUrl: set.MICROSOFT_GRAPH_URL,
  loginUrl: set.MICROSOFT_LOGIN_URL,
  clientId: set.MICROSOFT_CLIENT_ID,
  clientSecret: set.MICROSOFT_CLIENT_SECRET,
  tenantId: set.MICROSOFT_TENANT_ID,
});
