/** Defines the faults of `npm run demo -- --fail` and the operator's reaction to each. */
import type { AttentionAction } from '../../../domain/audition/attention.ts';
import type { MeetingProviderName } from '../../../domain/providers/vendors.ts';

export const faultNames = ['zoom', 'google', 'twilio', 'email'] as const;
export type FaultName = (typeof faultNames)[number];

export interface DemoFault {
  /** Printed before the fault is activated. */
  readonly description: string;
  /** The fault in the sandbox. Without it, the inbox is stopped. */
  readonly sandboxFault?: {
    readonly vendor: 'google' | 'zoom' | 'twilio';
    readonly kind: 'outage';
    readonly operation?: string;
  };
  /** The demo operator's reaction to an attention item. `mends` removes the fault first. */
  readonly clearsFault: {
    readonly action: Extract<AttentionAction, 'retry' | 'skip'>;
    readonly mends: boolean;
  };
  /** The provider that is expected to create the meeting. */
  readonly expectedMeetingProvider: MeetingProviderName;
  /** Milliseconds until the audition starts. Must include the time of the provider fallback. */
  readonly untilStart: number;
}

export const faults: Readonly<Record<FaultName, DemoFault>> = {
  zoom: {
    description:
      'Zoom is down. The meeting falls back to Google Meet, and a meeting that Zoom may have created is removed.',
    sandboxFault: { vendor: 'zoom', kind: 'outage' },
    clearsFault: { action: 'skip', mends: true },
    expectedMeetingProvider: 'google_meet',
    untilStart: 50_000,
  },
  google: {
    description:
      'Google writes no events. After its retries the step waits for an operator, who retries it when Google works again.',
    sandboxFault: { vendor: 'google', kind: 'outage', operation: 'events.insert' },
    clearsFault: { action: 'retry', mends: true },
    expectedMeetingProvider: 'zoom',
    untilStart: 60_000,
  },
  twilio: {
    description:
      'Twilio is down. The emails are sent. An operator calls the performer and skips the text message.',
    sandboxFault: { vendor: 'twilio', kind: 'outage' },
    clearsFault: { action: 'skip', mends: false },
    expectedMeetingProvider: 'zoom',
    untilStart: 60_000,
  },
  email: {
    description:
      'The mail server is down. The invitations wait for an operator, who retries them when it works again.',
    clearsFault: { action: 'retry', mends: true },
    expectedMeetingProvider: 'zoom',
    untilStart: 60_000,
  },
};

/** The expectations of a demo without a fault. */
export const withoutFault = { expectedMeetingProvider: 'zoom', untilStart: 40_000 } as const;
