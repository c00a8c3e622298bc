/** Defines the settings of a sandbox. Behaviour that a vendor's documentation leaves open is a setting. */
import { z } from 'zod';
import { dayMs } from './time.ts';

const milliseconds = z.int().min(0);

const googleSettingsSchema = z.strictObject({
  clientId: z.string().default('sandbox-google-client'),
  clientSecret: z.string().default('sandbox-google-secret'),
  /** A refresh token of this prefix and an account name is valid without a consent. */
  refreshTokenPrefix: z.string().default('sandbox-refresh-'),
  /** The scopes of such a token. */
  preauthorizedScopes: z
    .array(z.string())
    .default([
      'openid',
      'https://www.googleapis.com/auth/userinfo.email',
      'https://www.googleapis.com/auth/calendar',
      'https://www.googleapis.com/auth/meetings.space.settings',
      'https://www.googleapis.com/auth/meetings.space.readonly',
      'https://www.googleapis.com/auth/drive.meet.readonly',
    ]),
  accessTokenSeconds: z.int().min(1).default(3599),
  /** The time zone of a new calendar. All-day events and listings use it. */
  timeZone: z.string().default('UTC'),
  conference: z
    .strictObject({
      /** Milliseconds for which a new conference is `pending`. */
      pendingMs: milliseconds.default(0),
      /** `failure_first`: the first request of an event fails. A request with another request id succeeds. */
      outcome: z.enum(['success', 'failure', 'failure_first']).default('success'),
      /** What the calendars allow (`conferenceProperties`). Empty: an edition or an administrator that allows no Meet. */
      allowedTypes: z.array(z.string()).default(['hangoutsMeet']),
      /** Unconfirmed: whether `conferenceId` is always present with the link. */
      withId: z.boolean().default(true),
      /** The telephone number of new conferences. Only some editions of Workspace have one. */
      phone: z.strictObject({ label: z.string(), pin: z.string() }).optional(),
    })
    .prefault({}),
  /** Public reports differ on whether a deleted event can be revived by its id (200) or not (403). */
  revival: z.enum(['allowed', 'forbidden']).default('allowed'),
  /** Unconfirmed: whether free/busy merges adjacent intervals and clips them to the window. */
  freeBusy: z.enum(['merged', 'raw']).default('merged'),
  /** Unconfirmed: whether the free/busy answer for `primary` uses that name or the calendar's id. */
  freeBusyPrimary: z.enum(['as_asked', 'resolved']).default('as_asked'),
  /** Zones of the IANA database that this vendor does not know yet. */
  unknownZones: z.array(z.string()).default([]),
  /** Accounts of no Workspace, besides those of Gmail: a personal account can have an address of another provider. */
  personalAccounts: z.array(z.string()).default([]),
  /** The accounts that administer the organization. They may list its rooms with the Admin SDK. */
  administrators: z.array(z.string()).default([]),
  /** Milliseconds until a room answers an invitation. */
  roomAnswerMs: milliseconds.default(20),
  /** Milliseconds before each retry of a failed notification. */
  channelRetryMs: z.array(milliseconds).default([200, 1000, 5000]),
  /** The requests per minute that a user may make through the app. 0 means no limit. */
  userRequestsPerMinute: z.int().min(0).default(600),
  /** The requests per minute that all users of the app may make. 0 means no limit. */
  projectRequestsPerMinute: z.int().min(0).default(10_000),
  /** The status of a request above these limits. Google documents both. */
  quotaStatus: z.union([z.literal(403), z.literal(429)]).default(403),
  /** Not documented: how long a sync token is valid. */
  syncTokenMs: milliseconds.default(28 * dayMs),
  /** Not documented: how long the token of a page is valid. */
  pageTokenMs: milliseconds.default(dayMs),
  /** The most events in a page of events.list, whatever is asked for. Google documents that a page can have fewer. */
  eventsPerPage: z.int().min(1).max(2500).default(2500),
  /** Accounts whose edition of Workspace has no recordings and transcripts of meetings. */
  meetWithoutArtifacts: z.array(z.string()).default([]),
  /** Unconfirmed: the longest window in days that free/busy accepts. */
  freeBusyMaxDays: z.int().min(1).default(92),
});

const microsoftSettingsSchema = z.strictObject({
  clientId: z.string().default('sandbox-microsoft-client'),
  clientSecret: z.string().default('sandbox-microsoft-secret'),
  /** A refresh token of this prefix and an account name is valid without a consent. */
  refreshTokenPrefix: z.string().default('sandbox-refresh-'),
  /** The scopes of such a token. */
  preauthorizedScopes: z
    .array(z.string())
    .default([
      'openid',
      'profile',
      'offline_access',
      'User.Read',
      'Calendars.ReadWrite',
      'OnlineMeetings.ReadWrite',
      'OnlineMeetingArtifact.Read.All',
      'OnlineMeetingRecording.Read.All',
      'OnlineMeetingTranscript.Read.All',
    ]),
  accessTokenSeconds: z.int().min(1).default(3599),
  /** The tenant of all accounts. The tenant in a request's path is ignored. */
  tenantId: z.guid().default('5a5a5a5a-0000-4000-8000-000000005a5a'),
  /** The Windows name of every mailbox's zone. Any other text means a zone that the owner has defined. */
  timeZone: z.string().default('UTC'),
  /** Names of zones that this vendor does not know. */
  unknownZones: z.array(z.string()).default([]),
  /** Accounts with Teams whose calendars offer no Teams meetings: their administrator has not allowed them. */
  calendarsWithoutTeams: z.array(z.string()).default([]),
  /** The telephone number of online meetings, of organizers with a license for audio conferencing. */
  dialIn: z.strictObject({ tollNumber: z.string(), conferenceId: z.string() }).optional(),
  /** How long the meeting of an event is not found by its link. Not documented. */
  eventMeetingDelayMs: z.int().min(0).default(0),
  /** How long a new event is not found by a filter. Not documented. */
  eventSearchDelayMs: milliseconds.default(0),
  /**
   * How a creation with a known transaction id is answered. Not documented: clients report an error "used to create a
   * different event", and the earlier event. `compared`: the earlier event, if the request is the same.
   */
  duplicateTransaction: z.enum(['compared', 'earlier_event', 'error']).default('compared'),
  /** Not documented: whether a deleted event keeps its transaction id. */
  deletedTransactions: z.enum(['remembered', 'forgotten']).default('remembered'),
  /** Milliseconds until a room answers an invitation. */
  roomAnswerMs: milliseconds.default(20),
  /** The most simultaneous requests to a mailbox. 0 means no limit. */
  mailboxConcurrency: z.int().min(0).default(4),
  /** The requests to a mailbox in ten minutes. 0 means no limit. */
  mailboxRequestsPerTenMinutes: z.int().min(0).default(10_000),
  /** Not documented for Outlook: how long a link of a change query is valid. It depends on the size of a cache. */
  deltaLinkMs: milliseconds.default(28 * dayMs),
  /** The status of an expired link: 410 (documented), or 400 (also seen with the code `syncStateNotFound`). */
  expiredLinkStatus: z.union([z.literal(410), z.literal(400)]).default(410),
  /** The most events in a page of a change query, whatever is preferred. */
  changesPerPage: z.int().min(1).default(1_000),
  /** Milliseconds before each retry of a failed notification. */
  notificationRetryMs: z.array(milliseconds).default([200, 1000, 5000]),
  /** Accounts of the tenant that may not organize Teams meetings, because they have no license or a policy forbids it. */
  unlicensedOrganizers: z.array(z.string()).default([]),
  /** Options of meetings, such as `recordAutomatically`, that a policy of the tenant decides: requests do not change them. */
  decidedMeetingOptions: z.array(z.string()).default([]),
  /** Not documented: whether `createOrGet` returns a deleted meeting, which other requests no longer find. */
  deletedExternalIds: z.enum(['free', 'remembered']).default('free'),
});

const appleSettingsSchema = z.strictObject({
  /** The app-specific password of every account. */
  appPassword: z.string().default('sand-boxx-appl-pass'),
});

const zoomSettingsSchema = z.strictObject({
  clientId: z.string().default('sandbox-zoom-client'),
  clientSecret: z.string().default('sandbox-zoom-secret'),
  accountId: z.string().default('sandbox-account'),
  /** The app through which people connect their own accounts. */
  userClientId: z.string().default('sandbox-zoom-user-client'),
  userClientSecret: z.string().default('sandbox-zoom-user-secret'),
  /** A refresh token of this prefix and an account name is valid without a consent. */
  refreshTokenPrefix: z.string().default('sandbox-refresh-'),
  accessTokenSeconds: z.int().min(1).default(3599),
  /** The requests per second to the API: those of a Business account to "Light" operations. 0 means no limit. */
  requestsPerSecond: z.int().min(0).default(80),
  /** The limit of creations and updates per host and UTC day. 0 means no limit. */
  dailyLimit: z.int().min(0).default(100),
  /** `documented` sends Retry-After with the daily limit. `observed` omits it, as developers report. */
  dailyLimitHeaders: z.enum(['documented', 'observed']).default('documented'),
  /** The documentation shows Retry-After as a timestamp. RFC 9110 also allows seconds. */
  retryAfter: z.enum(['timestamp', 'seconds']).default('timestamp'),
  /**
   * Milliseconds until a new meeting appears in the list, to test clients with an eventually consistent list.
   */
  listDelayMs: milliseconds.default(0),
  /** Unconfirmed: `left_out` lists meetings without the field agenda, `null` with a null value. */
  listedAgenda: z.enum(['shown', 'left_out', 'null']).default('shown'),
  /** Further zones that Zoom does not know. */
  unknownZones: z.array(z.string()).default([]),
  /** The zones that Zoom knows: those of its list, as Zoom does, or those of the IANA database. */
  knownZones: z.enum(['listed', 'all']).default('listed'),
  /**
   * What becomes of a start in the past. `ignored`, as Zoom does: a new meeting starts now, and an earlier one keeps its start.
   * Tests with fixed dates need `kept`.
   */
  pastStarts: z.enum(['ignored', 'kept']).default('kept'),
  /**
   * The secret that signs events, and the address that receives them. The real Zoom stores both with the app.
   */
  webhookSecret: z.string().default('sandbox-zoom-webhook-secret'),
  /** How long a token for the download of recordings is valid at most. Zoom's are valid for up to seven days. */
  downloadTokenSeconds: z.int().min(1).default(86_400),
  webhookUrl: z.url().default('http://127.0.0.1:3000/v1/webhooks/zoom'),
  /** Milliseconds before each retry of a failed event. Zoom waits 5, 20 and 60 minutes. */
  webhookRetryMs: z.array(milliseconds).default([200, 1000, 5000]),
  /** The host that `me` stands for. */
  owner: z.string().default('owner@sandbox.example'),
  /** The granular scopes of the server-to-server app. */
  accountScopes: z
    .array(z.string())
    .default([
      'meeting:write:meeting:admin',
      'meeting:read:meeting:admin',
      'meeting:read:list_meetings:admin',
      'meeting:update:meeting:admin',
      'meeting:update:status:admin',
      'meeting:update:in_meeting_controls:admin',
      'meeting:delete:meeting:admin',
      'meeting:write:registrant:admin',
      'meeting:read:list_registrants:admin',
      'meeting:update:registrant_status:admin',
      'user:read:user:admin',
      'meeting:read:list_past_instances:admin',
      'cloud_recording:read:list_recording_files:admin',
      'cloud_recording:read:list_user_recordings:admin',
      'cloud_recording:delete:meeting_recording:admin',
      'cloud_recording:delete:recording_file:admin',
    ]),
  /**
   * Users by email address. Every other address is a licensed user. `lapsed`: may not schedule meetings (error 3161).
   * `basic`: schedules meetings that end after 40 minutes. `deactivated`: unconfirmed that Zoom answers 1001, as for an
   * unknown user.
   */
  users: z.record(z.string(), z.enum(['licensed', 'basic', 'lapsed', 'deactivated'])).default({}),
  /** The numbers of the account's audio plan. */
  dialInNumbers: z.array(z.string()).default([]),
  /** The rules of the account for passcodes. */
  passcodePolicy: z
    .strictObject({
      minLength: z.int().min(1).max(10).default(1),
      needsLetter: z.boolean().default(false),
      needsDigit: z.boolean().default(false),
      /** Whether a meeting without a passcode gets a generated one. */
      isRequired: z.boolean().default(false),
    })
    .prefault({}),
  /** Settings that the account has locked. They replace those of a request, without an error. */
  lockedSettings: z.record(z.string(), z.unknown()).default({}),
});

const twilioSettingsSchema = z.strictObject({
  accountSid: z.string().default('AC00000000000000000000000000005a5a'),
  authToken: z.string().default('sandbox-twilio-token'),
  messagingServiceSid: z.string().default('MG00000000000000000000000000005a5a'),
  /** The number that a messaging service sends from. */
  phoneNumber: z.string().default('+15005550006'),
  /** Milliseconds between two statuses of a message. */
  statusDelayMs: milliseconds.default(60),
  /** Milliseconds before each retry of a failed callback. The callback's URL says how many of them are made. */
  callbackRetryMs: z.array(milliseconds).default([200, 500, 1000, 2000, 4000]),
  callbackTimeoutMs: milliseconds.default(5000),
  /**
   * Message Redaction: a message that was sent has no body any more.
   * https://www.twilio.com/docs/messaging/guides/privacy-message-redaction
   */
  redactsBodies: z.boolean().default(false),
  /** Message Redaction: the numbers of a message that was sent end in XXXX. No filter by the whole number finds it. */
  redactsNumbers: z.boolean().default(false),
  /** The default address that receives texts from phones. */
  inboundUrl: z.url().optional(),
});

const awsKmsSettingsSchema = z.strictObject({
  accessKeyId: z.string().default('SANDBOXACCESSKEY'),
  region: z.string().default('eu-central-1'),
  account: z.string().default('000000000000'),
  /** The aliases of the existing keys. */
  aliases: z.array(z.string().startsWith('alias/')).default(['alias/castmatch', 'alias/castmatch-next']),
  disabledAliases: z.array(z.string()).default([]),
});

export const sandboxSettingsSchema = z.strictObject({
  host: z.string().default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(0),
  /** The file that stores the state of the vendors. Without it, the state is lost when the process ends. */
  dataFile: z.string().min(1).optional(),
  google: googleSettingsSchema.prefault({}),
  microsoft: microsoftSettingsSchema.prefault({}),
  zoom: zoomSettingsSchema.prefault({}),
  apple: appleSettingsSchema.prefault({}),
  twilio: twilioSettingsSchema.prefault({}),
  awsKms: awsKmsSettingsSchema.prefault({}),
});

export type SandboxOptions = z.input<typeof sandboxSettingsSchema>;
export type GoogleSandboxSettings = z.output<typeof googleSettingsSchema>;
export type MicrosoftSandboxSettings = z.output<typeof microsoftSettingsSchema>;
export type AppleSandboxSettings = z.output<typeof appleSettingsSchema>;
export type ZoomSandboxSettings = z.output<typeof zoomSettingsSchema>;
export type TwilioSandboxSettings = z.output<typeof twilioSettingsSchema>;
export type AwsKmsSandboxSettings = z.output<typeof awsKmsSettingsSchema>;
