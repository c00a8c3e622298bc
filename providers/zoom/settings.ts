/** Defines the settings, environment variables, deadlines and scopes of Zoom. */
import type { z } from 'zod';
import { sandboxAddress } from '../../foundation/configuration/defaults.ts';
import type { VariableGroup } from '../../foundation/configuration/variable-group.ts';
import {
  count,
  nameList,
  notEmpty,
  secretList,
  variableMetadata,
  webAddress,
} from '../../foundation/configuration/variable-types.ts';

export interface ZoomSettings {
  /** With its path: `https://api.zoom.us/v2`. */
  readonly apiUrl: string;
  readonly oauthUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accountId: string;
  /** The default hosts: user ids or email addresses. Without them, the app's own user. */
  readonly hostUsers?: readonly string[] | undefined;
  /** The app through which people connect their own accounts. Without it they cannot. */
  readonly userApp?: { readonly clientId: string; readonly clientSecret: string } | undefined;
}

export const zoomDeadlineMs = 10_000;

/** A token that expires within this time is replaced. Zoom's tokens last one hour. */
export const tokenMarginMs = 60_000;

/** The largest page of https://developers.zoom.us/docs/api/meetings/#tag/meetings/GET/users/{userId}/meetings */
export const meetingsPerPage = 300;
/** The limit of pages in one search. A longer list is an error, in case Zoom's page tokens repeat. */
export const maxPages = 100;

export const zoomConnections = 16;

/** Ends an open meeting: https://developers.zoom.us/docs/api/meetings/#tag/meetings/PUT/meetings/{meetingId}/status */
export const endScope = 'meeting:update:status';

/** Stopping a recording while the meeting is open needs it. Without it, an operator is asked to stop the recording. */
const controlScope = 'meeting:update:in_meeting_controls';

/**
 * The OAuth scopes of a person's account: https://developers.zoom.us/docs/integrations/oauth-scopes-granular/. The app's
 * settings at Zoom decide which of them the consent page shows, not the request.
 */
export const zoomScopes = {
  required: [
    'user:read:user',
    'meeting:write:meeting',
    'meeting:read:meeting',
    'meeting:read:list_meetings',
    'meeting:update:meeting',
    'meeting:delete:meeting',
  ],
  optional: [
    'meeting:write:registrant',
    'meeting:read:list_registrants',
    'meeting:update:registrant_status',
    'meeting:read:list_past_instances',
    'cloud_recording:read:list_recording_files',
    'cloud_recording:read:list_user_recordings',
    'cloud_recording:delete:meeting_recording',
    'cloud_recording:delete:recording_file',
    endScope,
    controlScope,
  ],
} as const;

/** The scopes that registering participants needs, for a connected account. */
export const registrantScopes = [
  'meeting:write:registrant',
  'meeting:read:list_registrants',
  'meeting:update:registrant_status',
] as const;

/**
 * The scopes that reading recordings needs, for a connected account:
 * https://developers.zoom.us/docs/integrations/oauth-scopes-granular/. Those of the server-to-server app end with `:admin`.
 */
export const recordingScopes = {
  list: ['meeting:read:list_past_instances', 'cloud_recording:read:list_recording_files'],
  trash: ['cloud_recording:read:list_user_recordings'],
  remove: ['cloud_recording:delete:meeting_recording'],
  /** Without it, a recording is removed as a whole. */
  removeFile: ['cloud_recording:delete:recording_file'],
  stop: [controlScope],
} as const;

/** The classic scopes of older apps, with the granular scopes that each includes. */
export const zoomScopeAliases: Readonly<Record<string, readonly string[]>> = {
  'user:read': ['user:read:user'],
  'meeting:read': [
    'meeting:read:meeting',
    'meeting:read:list_meetings',
    'meeting:read:list_registrants',
    'meeting:read:list_past_instances',
  ],
  'recording:read': [
    'cloud_recording:read:list_recording_files',
    'cloud_recording:read:list_user_recordings',
  ],
  'recording:write': ['cloud_recording:delete:meeting_recording', 'cloud_recording:delete:recording_file'],
  'meeting:write': [
    'meeting:write:meeting',
    'meeting:update:meeting',
    'meeting:delete:meeting',
    'meeting:write:registrant',
    'meeting:update:registrant_status',
    endScope,
    controlScope,
  ],
};

export const zoomVariables = {
  shape: {
    ZOOM_API_URL: webAddress().register(variableMetadata, {
      group: 'Zoom',
      about: 'The Zoom API, with its version.',
      form: 'an address such as https://api.zoom.us/v2',
    }),
    ZOOM_OAUTH_URL: webAddress().register(variableMetadata, {
      group: 'Zoom',
      about: 'Where tokens are issued (`/oauth/token` is appended).',
      form: 'an address such as https://zoom.us',
    }),
    ZOOM_CLIENT_ID: notEmpty().register(variableMetadata, {
      group: 'Zoom',
      about: 'The server-to-server OAuth app.',
      form: 'the client id shown in the Zoom Marketplace',
    }),
    ZOOM_CLIENT_SECRET: notEmpty().register(variableMetadata, {
      group: 'Zoom',
      about: 'The app’s secret.',
      form: 'the client secret shown in the Zoom Marketplace',
      secret: true,
    }),
    ZOOM_ACCOUNT_ID: notEmpty().register(variableMetadata, {
      group: 'Zoom',
      about: 'The account the app belongs to.',
      form: 'the account id shown in the Zoom Marketplace',
    }),
    ZOOM_HOST_USER: nameList().register(variableMetadata, {
      group: 'Zoom',
      about:
        'The users who host the meetings of organizations that have chosen no hosts, in order of preference. Each has one meeting at a time, needs a licence, and can create and change 100 meetings a day. `me` is the user who installed the app.',
      form: 'ids or email addresses of users of the account, or me, separated by commas',
    }),
    ZOOM_DAILY_MEETING_WRITES: count().register(variableMetadata, {
      group: 'Zoom',
      about:
        'The number of meetings that Zoom lets a host create and change in a day (UTC). Further auditions use their next host, or their next provider. 0: no limit of ours.',
      form: 'a whole number, such as 100',
    }),
    ZOOM_OAUTH_CLIENT_ID: notEmpty().optional().register(variableMetadata, {
      group: 'Zoom',
      about:
        'The user-managed OAuth app through which people connect their own accounts. Without it they cannot.',
      form: 'the client id of a user-managed app in the Zoom Marketplace',
    }),
    ZOOM_OAUTH_CLIENT_SECRET: notEmpty().optional().register(variableMetadata, {
      group: 'Zoom',
      about: 'That app’s secret.',
      form: 'the client secret of that app',
      secret: true,
    }),
    ZOOM_WEBHOOK_SECRET: secretList().optional().register(variableMetadata, {
      group: 'Zoom',
      about:
        'The secret token that signs Zoom’s webhooks. During a rotation: the new and the old one, separated by a comma. Without it Zoom’s webhooks are rejected.',
      form: 'the secret token shown in the Zoom Marketplace, newest first where there are two',
      secret: true,
    }),
  },
  everywhere: { ZOOM_HOST_USER: 'me', ZOOM_DAILY_MEETING_WRITES: '100' },
  deployed: { ZOOM_API_URL: 'https://api.zoom.us/v2', ZOOM_OAUTH_URL: 'https://zoom.us' },
  local: {
    ZOOM_API_URL: `${sandboxAddress}/v2`,
    ZOOM_OAUTH_URL: sandboxAddress,
    ZOOM_CLIENT_ID: 'sandbox-zoom-client',
    ZOOM_CLIENT_SECRET: 'sandbox-zoom-secret',
    ZOOM_ACCOUNT_ID: 'sandbox-account',
    ZOOM_OAUTH_CLIENT_ID: 'sandbox-zoom-user-client',
    ZOOM_OAUTH_CLIENT_SECRET: 'sandbox-zoom-user-secret',
    ZOOM_WEBHOOK_SECRET: 'sandbox-zoom-webhook-secret',
  },
  credentials: [
    'ZOOM_CLIENT_ID',
    'ZOOM_CLIENT_SECRET',
    'ZOOM_ACCOUNT_ID',
    'ZOOM_OAUTH_CLIENT_ID',
    'ZOOM_OAUTH_CLIENT_SECRET',
    'ZOOM_WEBHOOK_SECRET',
  ],
  webAddresses: ['ZOOM_API_URL', 'ZOOM_OAUTH_URL'],
  pairs: [['ZOOM_OAUTH_CLIENT_ID', 'ZOOM_OAUTH_CLIENT_SECRET']],
} as const satisfies VariableGroup;

type Set = z.output<z.ZodObject<typeof zoomVariables.shape>>;

export interface ZoomConfiguration extends ZoomSettings {
  readonly hostUsers: readonly string[];
  /** Newest first. Empty: Zoom's webhooks are rejected. */
  readonly webhookSecrets: readonly string[];
  readonly quotas: { readonly 'zoom.meeting_writes_per_day': number };
}

/** Returns the settings from the parsed variables. */
export const zoomSettingsOf = (set: Set): ZoomConfiguration => ({
  apiUrl: set.ZOOM_API_URL,
  oauthUrl: set.ZOOM_OAUTH_URL,
  clientId: set.ZOOM_CLIENT_ID,
  clientSecret: set.ZOOM_CLIENT_SECRET,
  accountId: set.ZOOM_ACCOUNT_ID,
  hostUsers: set.ZOOM_HOST_USER,
  userApp: userAppOf(set),
  webhookSecrets: set.ZOOM_WEBHOOK_SECRET ?? [],
  quotas: { 'zoom.meeting_writes_per_day': set.ZOOM_DAILY_MEETING_WRITES },
});

const userAppOf = ({
  ZOOM_OAUTH_CLIENT_ID: clientId,
  ZOOM_OAUTH_CLIENT_SECRET: clientSecret,
}: Set): ZoomSettings['userApp'] => (clientId && clientSecret ? { clientId, clientSecret } : undefined);
