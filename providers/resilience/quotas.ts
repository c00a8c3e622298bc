/**
 * What the vendors allow an account, as a table. What they allow the whole application a second is the rate of its task
 * queue (workers/task-queues.ts).
 */
import type { VendorName } from '../../domain/errors.ts';

export type QuotaName = keyof Quotas;

interface QuotaFacts {
  readonly provider: VendorName;
  readonly limit: number;
  /** In words: "100 meetings made or moved a day". */
  readonly words: string;
  /** The vendor's page. */
  readonly source: string;
}

/** So many in a stretch of time. */
export interface RateQuota extends QuotaFacts {
  /**
   * `utc_day` begins at midnight. `sliding_minute` is the vendor's own way of counting: what was used in the minute
   * before still counts, by the part of it that is less than a minute ago. A fixed minute would let twice the limit
   * through around each turn of the minute, and the vendor would refuse it.
   */
  readonly window: 'utc_day' | 'sliding_minute';
  /**
   * Of an account that all organizations share, one of them gets at most this part while there are others, so that a
   * casting day of one leaves the others their single auditions. Undefined: the account is one organization's own.
   */
  readonly share?: number | undefined;
  /** A process may take so many at a time, as it uses them up: what costs a statement each time is not paid each time. */
  readonly chunk: number;
}

/** So many at once. */
export interface ConcurrencyQuota extends QuotaFacts {
  readonly window: 'at_once';
  /** A holder that died gives its place back after this time: longer than any call. */
  readonly leaseMs: number;
}

export interface QuotaLimits {
  /** 0: no limit. */
  readonly zoomMeetingWritesPerDay: number;
  readonly googleRequestsPerMinute: number;
}

export interface Quotas {
  readonly 'zoom.meeting_writes_per_day': RateQuota;
  readonly 'google.requests_per_minute': RateQuota;
  readonly 'microsoft.mailbox_concurrency': ConcurrencyQuota;
}

export const quotasWith = (limits: QuotaLimits): Quotas => ({
  /** Creations and updates count, deletions do not; the day begins at 00:00 UTC. */
  'zoom.meeting_writes_per_day': {
    provider: 'zoom',
    window: 'utc_day',
    limit: limits.zoomMeetingWritesPerDay,
    share: 0.8,
    chunk: 1,
    words: `${limits.zoomMeetingWritesPerDay} meetings made or moved a day`,
    source: 'https://developers.zoom.us/docs/api/rate-limits/',
  },
  /** "Calculated per minute using a sliding window": 600 for each user of projects from before May 2026. */
  'google.requests_per_minute': {
    provider: 'google',
    window: 'sliding_minute',
    limit: limits.googleRequestsPerMinute,
    chunk: 20,
    words: `${limits.googleRequestsPerMinute} requests a minute and calendar account`,
    source: 'https://developers.google.com/workspace/calendar/api/guides/quota',
  },
  'microsoft.mailbox_concurrency': {
    provider: 'microsoft',
    window: 'at_once',
    limit: 4,
    leaseMs: 60_000,
    words: '4 requests at once to a mailbox',
    source: 'https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits',
  },
});

/** From which part of a quota on a person should know. */
export const warnFrom = 0.8;
