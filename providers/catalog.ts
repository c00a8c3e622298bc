/**
 * Lists the facts of every vendor, one row each: display name, status page, task queue, operations and quotas. Task
 * queues, quotas, the call path, the health page and the routing of webhooks derive from this table. It holds only data,
 * because workflows import it.
 */
import type { VendorName } from '../domain/providers/vendors.ts';
import type { OperationGroup } from './operation-groups.ts';

export interface OperationFacts {
  /** Whether the call can have an effect at the vendor. */
  readonly writes: boolean;
  /** The operations that fail together with it: they share a circuit at the vendor (`operation-groups.ts`). */
  readonly group: OperationGroup;
  /** `requests` is the usual number of requests. A call that needs more can exceed the quota: the vendor then answers 429. */
  readonly quota?: { readonly name: string; readonly requests: number };
}

interface QuotaRow {
  /** The limit that the vendor documents. The vendor's settings can override it. 0: no limit. */
  readonly limit: number;
  /** "100 meetings made or moved a day". */
  readonly describe: (limit: number) => string;
  /** The vendor's page. */
  readonly source: string;
}

/** A number of requests in a window of time. */
export interface RateQuotaRow extends QuotaRow {
  /**
   * `utc_day` begins at midnight. In a `sliding_minute` the requests of the previous minute count in proportion to the
   * part of that minute which is less than 60 s ago. A fixed minute would admit twice the limit around each boundary.
   */
  readonly window: 'utc_day' | 'sliding_minute';
  /**
   * The part of a shared account that one organization gets while other organizations exist. It keeps one busy
   * organization from exhausting the account. Undefined: the account belongs to one organization.
   */
  readonly share?: number;
  /** The number of requests that a process reserves in one statement. */
  readonly chunk: number;
}

/** A number of simultaneous requests. */
export interface ConcurrencyQuotaRow extends QuotaRow {
  readonly window: 'concurrent';
  /** A lease whose holder died expires after this time. Must be longer than any call. */
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
  /**
   * The key is the operation's name in errors and metrics. The ledger uses it too, except for calendar-backed meetings:
   * their rows keep `meetings.*`.
   */
  readonly operations: Readonly<Record<string, OperationFacts>>;
  readonly quotas?: Readonly<Record<string, RateQuotaRow | ConcurrencyQuotaRow>>;
}

const googleRequests = (requests: number) => ({ name: 'google.requests_per_minute', requests }) as const;
/** Every call makes one request at a time. */
const mailboxPlace = { name: 'microsoft.mailbox_concurrency', requests: 1 } as const;
const zoomMeetingWrite = { name: 'zoom.meeting_writes_per_day', requests: 1 } as const;

/** The health check. It runs outside the call path: no quota counts it. */
const health = { writes: false, group: 'health' } as const;
/** Steps before the call to the vendor: load the connection and decrypt its credential. */
const connections = {
  'connections.open': { writes: false, group: 'access' },
  'connections.accessToken': { writes: false, group: 'access' },
} as const;

export const catalog = {
  google: {
    displayName: 'Google',
    statusPage: 'https://www.google.com/appsstatus/dashboard/',
    connectedAppsPage: 'https://myaccount.google.com/connections',
    /**
     * 10,000 requests a minute and project: https://developers.google.com/workspace/calendar/api/guides/quota
     * An activity makes the requests of all calendars of an audition, usually two.
     */
    taskQueue: { name: 'google', perSecond: 80, concurrency: 100 },
    operations: {
      'calendar.freeBusy': { writes: false, group: 'calendar_reads', quota: googleRequests(1) },
      /** One page of 2,500 events. */
      'calendar.listEvents': { writes: false, group: 'calendar_reads', quota: googleRequests(1) },
      /** One page of 250 calendars. */
      'calendar.listCalendars': { writes: false, group: 'calendar_lists', quota: googleRequests(1) },
      /** One page of rooms. */
      'rooms.list': { writes: false, group: 'rooms', quota: googleRequests(1) },
      /** One page of changes. A page that reads events counts each of them. */
      'calendar.listChanges': { writes: false, group: 'calendar_changes', quota: googleRequests(1) },
      /** Channels end by themselves, so a lost one has no lasting effect. */
      'calendar.watch': { writes: false, group: 'watches', quota: googleRequests(1) },
      'calendar.stopWatching': { writes: false, group: 'watches', quota: googleRequests(1) },
      /** A read, then a write. Both are repeated when another client wrote in between. */
      'calendar.putEvent': { writes: true, group: 'calendar_writes', quota: googleRequests(2) },
      /** A read and a patch, which counts as three: https://developers.google.com/workspace/calendar/api/v3/reference/events/patch */
      'calendar.putConference': { writes: true, group: 'meetings', quota: googleRequests(4) },
      'calendar.checkConference': { writes: false, group: 'meetings', quota: googleRequests(1) },
      /** Calls only the Meet API, whose quotas are higher: https://developers.google.com/workspace/meet/api/guides/limits */
      'calendar.conferenceAttendance': { writes: false, group: 'attendance' },
      /** The records of the conferences, their recordings and transcripts, and the size of each file in Drive. */
      'recordings.list': { writes: false, group: 'recordings' },
      /** Until the first byte. */
      'recordings.download': { writes: false, group: 'downloads' },
      /** Refused: our consent only reads files of Meet. */
      'recordings.remove': { writes: true, group: 'unsupported' },
      /** A read of the space. */
      'recordings.isAutomatic': { writes: false, group: 'recording_settings' },
      /** A read and a change of the space. */
      'recordings.setAutomatic': { writes: true, group: 'recording_settings' },
      'recordings.stop': { writes: true, group: 'recording_settings' },
      /** A read, a deletion, and a read of the next generation of the id. */
      'calendar.deleteEvent': { writes: true, group: 'calendar_writes', quota: googleRequests(3) },
      'oauth.redeem': { writes: true, group: 'access' },
      /** A refresh does not change the refresh token, and a repeated revocation finds nothing. */
      'oauth.refresh': { writes: false, group: 'access' },
      'oauth.revoke': { writes: false, group: 'access' },
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
      'meetings.find': { writes: false, group: 'meetings' },
      'meetings.create': { writes: true, group: 'meetings', quota: zoomMeetingWrite },
      'meetings.move': { writes: true, group: 'meetings', quota: zoomMeetingWrite },
      /** Zoom does not count deletions, so compensations never wait for the quota. https://devforum.zoom.us/t/59670 */
      'meetings.remove': { writes: true, group: 'meetings' },
      /** The openings of a meeting, and the recordings of each. */
      'recordings.list': { writes: false, group: 'recordings' },
      /** Until the first byte. The bytes come from other servers than the API. */
      'recordings.download': { writes: false, group: 'downloads' },
      'recordings.remove': { writes: true, group: 'recordings' },
      /** A read of the meeting. */
      'recordings.isAutomatic': { writes: false, group: 'recording_settings' },
      /** A change of the meeting. */
      'recordings.setAutomatic': { writes: true, group: 'recording_settings', quota: zoomMeetingWrite },
      /** A read of the meeting, and a command to it while it is open. */
      'recordings.stop': { writes: true, group: 'recording_settings' },
      'meetings.check': { writes: false, group: 'meetings' },
      'meetings.end': { writes: true, group: 'meetings' },
      /** A change of the meeting, and another one for each person whom Zoom could refuse. */
      'meetings.setLeaders': { writes: true, group: 'meetings', quota: zoomMeetingWrite },
      /** Pages of up to 300 participants. */
      'meetings.attendance': { writes: false, group: 'attendance' },
      /** Pages of up to 300 registrants. */
      'registrants.find': { writes: false, group: 'registrants' },
      /** Does not count as a change of the meeting. Zoom allows 3 a day for each address and meeting, and each address is used once. */
      'registrants.add': { writes: true, group: 'registrants' },
      'registrants.cancel': { writes: true, group: 'registrants' },
      'oauth.redeem': { writes: true, group: 'access' },
      /** Invalidates the previous refresh token. */
      'oauth.refresh': { writes: true, group: 'access' },
      'oauth.revoke': { writes: false, group: 'access' },
      /** Who has connected the account. */
      'users.me': { writes: false, group: 'access' },
      /** Who a host is, and the plan of the host. */
      'users.read': { writes: false, group: 'users' },
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
    /** Twilio queues messages that exceed the rate of its senders, and limits concurrent requests with error 20429: https://www.twilio.com/docs/api/errors/20429 */
    taskQueue: { name: 'sms', perSecond: 50, concurrency: 50 },
    operations: {
      'textMessages.find': { writes: false, group: 'text_lookups' },
      'textMessages.send': { writes: true, group: 'texts' },
      'textMessages.status': { writes: false, group: 'text_lookups' },
      health,
    },
  },
  smtp: {
    displayName: 'The mail server',
    /** Mail servers have no common rate; an overloaded server answers 4xx. The concurrency keeps the connection pool busy. */
    taskQueue: { name: 'email', perSecond: 100, concurrency: 50 },
    operations: {
      /** Queries the journal, which is not the mail server. */
      'email.find': { writes: false, group: 'journal' },
      'email.send': { writes: true, group: 'emails' },
      health,
    },
  },
  microsoft: {
    displayName: 'Microsoft',
    statusPage: 'https://status.cloud.microsoft/',
    connectedAppsPage: 'https://account.live.com/consent/Manage',
    /**
     * 10,000 requests in ten minutes for each mailbox: https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
     * An activity makes the requests of all calendars of an audition, usually two for each.
     */
    taskQueue: { name: 'microsoft', perSecond: 80, concurrency: 100 },
    operations: {
      'calendar.freeBusy': { writes: false, group: 'calendar_reads', quota: mailboxPlace },
      /** Pages of 1,000 events. Also reads which calendar is the main one. */
      'calendar.listEvents': { writes: false, group: 'calendar_reads', quota: mailboxPlace },
      /** Pages of 100 calendars. */
      'calendar.listCalendars': { writes: false, group: 'calendar_lists', quota: mailboxPlace },
      /** Rooms are not read from the mailbox, but the requests of an account are counted together. */
      'rooms.list': { writes: false, group: 'rooms', quota: mailboxPlace },
      /** One page of changes, and what the change query leaves out of them. */
      'calendar.listChanges': { writes: false, group: 'calendar_changes', quota: mailboxPlace },
      /** Subscriptions end by themselves, so a lost one has no lasting effect. */
      'calendar.watch': { writes: false, group: 'watches', quota: mailboxPlace },
      'calendar.stopWatching': { writes: false, group: 'watches', quota: mailboxPlace },
      /** A search, then a write. Both are repeated when another client wrote in between. */
      'calendar.putEvent': { writes: true, group: 'calendar_writes', quota: mailboxPlace },
      /** Refused: no meetings are created in Outlook calendars. */
      'calendar.putConference': { writes: true, group: 'unsupported', quota: mailboxPlace },
      'calendar.checkConference': { writes: false, group: 'unsupported', quota: mailboxPlace },
      /** Never called, as the check. */
      'calendar.conferenceAttendance': { writes: false, group: 'unsupported' },
      'calendar.deleteEvent': { writes: true, group: 'calendar_writes', quota: mailboxPlace },
      /**
       * Teams has its own service and no documented limit for these calls:
       * https://learn.microsoft.com/graph/throttling-limits#cloud-communication-service-limits
       * The search is a `createOrGet`, and can make the meeting that a removal then deletes.
       */
      'meetings.find': { writes: true, group: 'meetings' },
      /** `createOrGet`, a read of an older meeting, the options, and the co-organizers. */
      'meetings.create': { writes: true, group: 'meetings' },
      'meetings.move': { writes: true, group: 'meetings' },
      'meetings.remove': { writes: true, group: 'meetings' },
      'meetings.check': { writes: false, group: 'meetings' },
      /** Not called: Graph cannot end an online meeting. */
      'meetings.end': { writes: true, group: 'unsupported' },
      'meetings.setLeaders': { writes: true, group: 'meetings' },
      /** Never called: the host of a Teams meeting is the connected account. */
      'users.read': { writes: false, group: 'unsupported' },
      /** The reports, and the records of each. */
      'meetings.attendance': { writes: false, group: 'attendance' },
      /** The recordings and the transcripts. */
      'recordings.list': { writes: false, group: 'recordings' },
      /** Until the first byte. */
      'recordings.download': { writes: false, group: 'downloads' },
      /** Refused: Graph deletes no recordings. */
      'recordings.remove': { writes: true, group: 'unsupported' },
      /** A read of the meeting. */
      'recordings.isAutomatic': { writes: false, group: 'recording_settings' },
      /** A change of the meeting. */
      'recordings.setAutomatic': { writes: true, group: 'recording_settings' },
      'recordings.stop': { writes: true, group: 'unsupported' },
      'oauth.redeem': { writes: true, group: 'access' },
      'oauth.refresh': { writes: false, group: 'access' },
      ...connections,
      health,
    },
    quotas: {
      'microsoft.mailbox_concurrency': {
        window: 'concurrent',
        limit: 4,
        leaseMs: 60_000,
        describe: (limit) => `${limit} simultaneous requests to a mailbox`,
        source: 'https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits',
      },
    },
  },
  apple: {
    displayName: 'Apple',
    statusPage: 'https://www.apple.com/support/systemstatus/',
    connectedAppsPage: 'https://account.apple.com/account/manage',
    /** Apple publishes no limits. The same queue serves other CalDAV servers, many of which are small. */
    taskQueue: { name: 'apple', perSecond: 20, concurrency: 50 },
    operations: {
      'account.connect': { writes: false, group: 'access' },
      'calendar.freeBusy': { writes: false, group: 'calendar_reads' },
      'calendar.listEvents': { writes: false, group: 'calendar_reads' },
      'calendar.listCalendars': { writes: false, group: 'calendar_lists' },
      /** The names of the changed events, then up to 50 of them. */
      'calendar.listChanges': { writes: false, group: 'calendar_changes' },
      /** Never called: a CalDAV server sends no notifications. */
      'calendar.watch': { writes: false, group: 'unsupported' },
      'calendar.stopWatching': { writes: false, group: 'unsupported' },
      'calendar.putEvent': { writes: true, group: 'calendar_writes' },
      /** Refused without a request: a CalDAV calendar creates no meetings. */
      'calendar.putConference': { writes: false, group: 'unsupported' },
      'calendar.checkConference': { writes: false, group: 'unsupported' },
      'calendar.conferenceAttendance': { writes: false, group: 'unsupported' },
      'calendar.deleteEvent': { writes: true, group: 'calendar_writes' },
      ...connections,
      health,
    },
  },
  ics: {
    displayName: 'ICS',
    /** Each feed has its own server, so this limits our downloads and not a vendor's load. */
    taskQueue: { name: 'feeds', perSecond: 20, concurrency: 20 },
    operations: {
      'account.connect': { writes: false, group: 'access' },
      'calendar.freeBusy': { writes: false, group: 'feeds' },
      'calendar.listEvents': { writes: false, group: 'feeds' },
      'calendar.listChanges': { writes: false, group: 'feeds' },
      'calendar.listCalendars': { writes: false, group: 'feeds' },
      /** Never called: a feed sends no notifications. */
      'calendar.watch': { writes: false, group: 'unsupported' },
      'calendar.stopWatching': { writes: false, group: 'unsupported' },
      ...connections,
    },
  },
  storage: {
    displayName: 'The storage of recordings',
    /** Transfers are limited by the network and the disk of the worker, and each takes two blocks of memory. */
    taskQueue: { name: 'media', perSecond: 20, concurrency: 2 },
    operations: {
      'files.find': { writes: false, group: 'files' },
      'files.read': { writes: false, group: 'files' },
      'files.store': { writes: true, group: 'files' },
      'files.remove': { writes: true, group: 'files' },
      health,
    },
  },
} as const satisfies Readonly<Record<VendorName, ProviderFacts>>;

/** The task queues of the vendors, in the order of the catalog. */
export const vendorTaskQueues = Object.values(catalog).flatMap((facts) =>
  'taskQueue' in facts ? [facts.taskQueue] : [],
);
