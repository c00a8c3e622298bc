/** What a sandbox can be told. Where a vendor's documentation leaves a question open, the answer is a setting. */
import { z } from 'zod';

const milliseconds = z.int().min(0);

const googleSettingsSchema = z.strictObject({
  clientId: z.string().default('sandbox-google-client'),
  clientSecret: z.string().default('sandbox-google-secret'),
  /** Any account is let in with this prefix before its name, so that nobody needs to consent first. */
  refreshTokenPrefix: z.string().default('sandbox-refresh-'),
  accessTokenSeconds: z.int().min(1).default(3599),
  /** Time zone of a new calendar: what all-day events and listings are read in. */
  timeZone: z.string().default('UTC'),
  conference: z
    .strictObject({
      /** How long a new conference says `pending` before it says what became of it. */
      pendingMs: milliseconds.default(0),
      /** `failure_first`: the first request of an event fails, one under another request id succeeds. */
      outcome: z.enum(['success', 'failure', 'failure_first']).default('success'),
      /** Unconfirmed: whether `conferenceId` always comes with the link. */
      withId: z.boolean().default(true),
    })
    .prefault({}),
  /** Public reports differ on whether a deleted event may be revived by its id (200) or not (403). */
  revival: z.enum(['allowed', 'forbidden']).default('allowed'),
  /** Unconfirmed: whether free/busy joins intervals that touch and cuts them to the window. */
  freeBusy: z.enum(['merged', 'raw']).default('merged'),
  /** Unconfirmed: whether free/busy answers for `primary` under that name or under the calendar's own id. */
  freeBusyPrimary: z.enum(['as_asked', 'resolved']).default('as_asked'),
  /** Pauses before a notification that failed is tried again. */
  channelRetryMs: z.array(milliseconds).default([200, 1000, 5000]),
  /** Unconfirmed: the longest window that free/busy accepts. */
  freeBusyMaxDays: z.int().min(1).default(92),
});

const microsoftSettingsSchema = z.strictObject({
  clientId: z.string().default('sandbox-microsoft-client'),
  clientSecret: z.string().default('sandbox-microsoft-secret'),
  /** Any account is let in with this prefix before its name, so that nobody needs to consent first. */
  refreshTokenPrefix: z.string().default('sandbox-refresh-'),
  accessTokenSeconds: z.int().min(1).default(3599),
  /** Whose accounts they all are, whatever tenant is asked. */
  tenantId: z.guid().default('5a5a5a5a-0000-4000-8000-000000005a5a'),
});

const appleSettingsSchema = z.strictObject({
  /** The app-specific password of every account. */
  appPassword: z.string().default('sand-boxx-appl-pass'),
});

const zoomSettingsSchema = z.strictObject({
  clientId: z.string().default('sandbox-zoom-client'),
  clientSecret: z.string().default('sandbox-zoom-secret'),
  accountId: z.string().default('sandbox-account'),
  /** The app through which people connect accounts of their own. */
  userClientId: z.string().default('sandbox-zoom-user-client'),
  userClientSecret: z.string().default('sandbox-zoom-user-secret'),
  /** Any account is let in with this prefix before its name, so that nobody needs to consent first. */
  refreshTokenPrefix: z.string().default('sandbox-refresh-'),
  accessTokenSeconds: z.int().min(1).default(3599),
  /** Creations and updates per host and UTC day; 0 takes the limit away. */
  dailyLimit: z.int().min(0).default(100),
  /** `documented` sends Retry-After with the daily limit; `observed` leaves it out, as developers report. */
  dailyLimitHeaders: z.enum(['documented', 'observed']).default('documented'),
  /** The documentation shows Retry-After as a timestamp, RFC 9110 also allows seconds. */
  retryAfter: z.enum(['timestamp', 'seconds']).default('timestamp'),
  /** How long a new meeting stays out of the list, to try clients against a list that lags behind. */
  listDelayMs: milliseconds.default(0),
  /** Unconfirmed: `left_out` lists meetings without their agenda, `null` with empty fields. */
  listedAgenda: z.enum(['shown', 'left_out', 'null']).default('shown'),
  /** What signs events, and where they go: in the Marketplace both are set with the app. */
  webhookSecret: z.string().default('sandbox-zoom-webhook-secret'),
  webhookUrl: z.url().default('http://127.0.0.1:3000/v1/webhooks/zoom'),
  /** Pauses before an event that failed is sent again. Zoom's are 5, 20 and 60 minutes. */
  webhookRetryMs: z.array(milliseconds).default([200, 1000, 5000]),
  /** The host that `me` stands for. */
  owner: z.string().default('owner@sandbox.example'),
});

const twilioSettingsSchema = z.strictObject({
  accountSid: z.string().default('AC00000000000000000000000000005a5a'),
  authToken: z.string().default('sandbox-twilio-token'),
  messagingServiceSid: z.string().default('MG00000000000000000000000000005a5a'),
  /** The number that a messaging service sends from. */
  phoneNumber: z.string().default('+15005550006'),
  /** Between one status and the next. */
  statusDelayMs: milliseconds.default(60),
  /** Pauses before a callback that failed is tried again; their number is the number of retries. */
  callbackRetryMs: z.array(milliseconds).default([200, 1000, 5000]),
  callbackTimeoutMs: milliseconds.default(5000),
  /** Where a text from a phone is reported, unless the injection names another address. */
  inboundUrl: z.url().optional(),
});

const awsKmsSettingsSchema = z.strictObject({
  accessKeyId: z.string().default('SANDBOXACCESSKEY'),
  region: z.string().default('eu-central-1'),
  account: z.string().default('000000000000'),
  /** The keys that are there, each by its alias. */
  aliases: z.array(z.string().startsWith('alias/')).default(['alias/castmatch', 'alias/castmatch-next']),
  disabledAliases: z.array(z.string()).default([]),
});

export const sandboxSettingsSchema = z.strictObject({
  host: z.string().default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(0),
  /** Where the sandbox keeps what the vendors hold; without it everything ends with the process. */
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
