/**
 * The facts of every vendor, one row each: what people call it, where it reports its outages, which task queue its
 * activities run on, what it can be asked, and what it allows an account. Task queues, quotas, the call path, the health
 * page and the routing of webhooks derive from this table. Only data, so that workflows may read it.
 */
import type { VendorName } from '../domain/providers/vendors.ts';

export interface OperationFacts {
  /** Whether the call can have an effect at the vendor. */
  readonly writes: boolean;
  /** Whether the outcome of the call opens and closes the circuit of the vendor. */
  readonly circuit?: boolean;
  /** `requests` is the usual number of requests; where a call takes more, the vendor answers 429. */
  readonly quota?: { readonly name: string; readonly requests: number };
}

interface QuotaRow {
  /** The limit that the vendor documents; the settings of the vendor may say another one. 0: no limit. */
  readonly limit: number;
  /** "100 meetings made or moved a day". */
  readonly describe: (limit: number) => string;
  /** The vendor's page. */
  readonly source: string;
}

/** A number of requests in a window of time. */
export interface RateQuotaRow extends QuotaRow {
  /**
   * `utc_day` begins at midnight. `sliding_minute` is how such vendors count: the requests of the minute before still
   * count, in the proportion of that minute which is less than a minute ago. A fixed minute would let twice the limit
   * through around each turn of the minute.
   */
  readonly window: 'utc_day' | 'sliding_minute';
  /**
   * The part of a shared account that one organization gets while other organizations exist. A casting day of one
   * organization leaves the others their single auditions. Undefined: the account belongs to one organization.
   */
  readonly share?: number;
  /** The number of requests that a process reserves in one statement. */
  readonly chunk: number;
}

/** A number of simultaneous requests. */
export interface ConcurrencyQuotaRow extends QuotaRow {
  readonly window: 'at_once';
  /** A place is free again after this time when its holder died: longer than any call. */
  readonly leaseMs: number;
}

interface ProviderFacts {
  readonly displayName: string;
  readonly statusPage?: string;
  /** Where a person sees and removes the apps that may use the account. */
  readonly connectedAppsPage?: string;
  /**
   * The task queue of the vendor's activities. Its name is part of recorded histories. The Temporal server enforces
   * `perSecond` for all workers together; `concurrency` is that of one worker.
   */
  readonly taskQueue?: { readonly name: string; readonly perSecond: number; readonly concurrency: number };
  /** By the name that stands in errors, metrics and the ledger. */
  readonly operations: Readonly<Record<string, OperationFacts>>;
  readonly quotas?: Readonly<Record<string, RateQuotaRow | ConcurrencyQuotaRow>>;
}

const googleRequests = (requests: number) => ({ name: 'google.requests_per_minute', requests }) as const;
const zoomMeetingWrite = { name: 'zoom.meeting_writes_per_day', requests: 1 } as const;

/** Asked by the health page, outside the call path: no circuit holds it back and no quota counts it. */
const health = { writes: false } as const;
/** Looks a connection up and opens its credential, before the vendor is called. */
const connections = {
  'connections.open': { writes: false },
  'connections.accessToken': { writes: false },
} as const;

export const catalog = {
  google: {
    displayName: 'Google',
    statusPage: 'https://www.google.com/appsstatus/dashboard/',
    connectedAppsPage: 'https://myaccount.google.com/connections',
    /** 10,000 requests a minute and project: https://developers.google.com/workspace/calendar/api/guides/quota */
    taskQueue: { name: 'google', perSecond: 160, concurrency: 100 },
    operations: {
      'calendar.freeBusy': { writes: false, circuit: true, quota: googleRequests(1) },
      /** A read, then a write; both once more where another client wrote between them. */
      'calendar.putEvent': { writes: true, circuit: true, quota: googleRequests(2) },
      'calendar.putConference': { writes: true, circuit: true, quota: googleRequests(3) },
      'calendar.deleteEvent': { writes: true, circuit: true, quota: googleRequests(1) },
      'oauth.redeem': { writes: true },
      /** A refresh leaves the refresh token as it is, and a repeated revocation finds nothing. */
      'oauth.refresh': { writes: false },
      'oauth.revoke': { writes: false },
      ...connections,
      health,
    },
    quotas: {
      /** "Calculated per minute using a sliding window": 600 for each user of projects from before May 2026. */
      'google.requests_per_minute': {
        window: 'sliding_minute',
        limit: 600,
        chunk: 20,
        describe: (limit) => `${limit} requests a minute and calendar account`,
        source: 'https://developers.google.com/workspace/calendar/api/guides/quota',
      },
    },
  },
  zoom: {
    displayName: 'Zoom',
    statusPage: 'https://www.zoomstatus.com/',
    connectedAppsPage: 'https://marketplace.zoom.us/user/installed',
    /** Creating a meeting is "Medium", 20 a second on the Pro plan: https://developers.zoom.us/docs/api/rate-limits/ */
    taskQueue: { name: 'zoom', perSecond: 20, concurrency: 40 },
    operations: {
      'meetings.find': { writes: false, circuit: true },
      'meetings.create': { writes: true, circuit: true, quota: zoomMeetingWrite },
      'meetings.move': { writes: true, circuit: true, quota: zoomMeetingWrite },
      /** Not counted by Zoom: a compensation must not wait for tomorrow. https://devforum.zoom.us/t/59670 */
      'meetings.remove': { writes: true, circuit: true },
      'oauth.redeem': { writes: true },
      /** Ends the refresh token before it. */
      'oauth.refresh': { writes: true },
      'oauth.revoke': { writes: false },
      'users.me': { writes: false },
      ...connections,
      health,
    },
    quotas: {
      /** Creations and updates count, deletions do not; the day begins at 00:00 UTC. */
      'zoom.meeting_writes_per_day': {
        window: 'utc_day',
        limit: 100,
        share: 0.8,
        chunk: 1,
        describe: (limit) => `${limit} meetings made or moved a day`,
        source: 'https://developers.zoom.us/docs/api/rate-limits/',
      },
    },
  },
  twilio: {
    displayName: 'Twilio',
    statusPage: 'https://status.twilio.com/',
    /** Twilio queues what its senders cannot carry yet, and limits concurrent requests with error 20429: https://www.twilio.com/docs/api/errors/20429 */
    taskQueue: { name: 'sms', perSecond: 50, concurrency: 50 },
    operations: {
      'textMessages.find': { writes: false, circuit: true },
      'textMessages.send': { writes: true, circuit: true },
      health,
    },
  },
  smtp: {
    displayName: 'The mail server',
    /** No rate is common to all mail servers; a server answers 4xx when it is too much. As many as the pool keeps busy. */
    taskQueue: { name: 'email', perSecond: 100, concurrency: 50 },
    operations: {
      /** Asks the journal, a mailbox beside the mail server: its outcome says nothing about the server. */
      'email.find': { writes: false },
      'email.send': { writes: true, circuit: true },
      health,
    },
  },
  microsoft: {
    displayName: 'Microsoft',
    statusPage: 'https://status.cloud.microsoft/',
    connectedAppsPage: 'https://account.live.com/consent/Manage',
    operations: {
      'oauth.redeem': { writes: true },
      'oauth.refresh': { writes: false },
      ...connections,
      health,
    },
    quotas: {
      'microsoft.mailbox_concurrency': {
        window: 'at_once',
        limit: 4,
        leaseMs: 60_000,
        describe: (limit) => `${limit} requests at once to a mailbox`,
        source: 'https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits',
      },
    },
  },
  apple: {
    displayName: 'Apple',
    statusPage: 'https://www.apple.com/support/systemstatus/',
    connectedAppsPage: 'https://account.apple.com/account/manage',
    operations: { 'account.connect': { writes: false }, ...connections, health },
  },
} as const satisfies Readonly<Record<VendorName, ProviderFacts>>;

/** The task queues of the vendors, in the order of the catalog. */
export const vendorTaskQueues = Object.values(catalog).flatMap((facts) =>
  'taskQueue' in facts ? [facts.taskQueue] : [],
);
