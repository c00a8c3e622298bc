/** What `--fail` breaks, and what a person then does about it. */
import type { AttentionAction } from '../../../domain/audition/attention.ts';
import type { MeetingProviderName } from '../../../domain/providers/vendors.ts';

export const faultNames = ['zoom', 'google', 'twilio', 'email'] as const;
export type FaultName = (typeof faultNames)[number];

export interface DemoFault {
  /** What is said before it is switched on. */
  readonly description: string;
  /** Switched on in the sandbox. Absent: the inbox is taken away. */
  readonly sandboxFault?: {
    readonly vendor: 'google' | 'zoom' | 'twilio';
    readonly kind: 'outage';
    readonly operation?: string;
  };
  /** What the operator of the demo does about an attention item; `mends` first ends the fault. */
  readonly clearsFault: {
    readonly action: Extract<AttentionAction, 'retry' | 'skip'>;
    readonly mends: boolean;
  };
  /** The provider that should have made the meeting in the end. */
  readonly expectedMeetingProvider: MeetingProviderName;
  /** How long until the audition starts: giving up on a provider takes its time. Milliseconds. */
  readonly untilStart: number;
}

export const faults: Readonly<Record<FaultName, DemoFault>> = {
  zoom: {
    description:
      'Zoom is down and stays down: the meeting falls back to Google Meet, and what Zoom may have made is removed.',
    sandboxFault: { vendor: 'zoom', kind: 'outage' },
    clearsFault: { action: 'skip', mends: true },
    expectedMeetingProvider: 'google_meet',
    untilStart: 50_000,
  },
  google: {
    description:
      'Google writes no events: after its retries the step waits for a person, who retries once Google is back.',
    sandboxFault: { vendor: 'google', kind: 'outage', operation: 'events.insert' },
    clearsFault: { action: 'retry', mends: true },
    expectedMeetingProvider: 'zoom',
    untilStart: 60_000,
  },
  twilio: {
    description:
      'Twilio is down and stays down: the emails go out, and a person who has called the performer skips the text.',
    sandboxFault: { vendor: 'twilio', kind: 'outage' },
    clearsFault: { action: 'skip', mends: false },
    expectedMeetingProvider: 'zoom',
    untilStart: 60_000,
  },
  email: {
    description:
      'The mail server is gone: the invitations wait for a person, who retries them once it is back.',
    clearsFault: { action: 'retry', mends: true },
    expectedMeetingProvider: 'zoom',
    untilStart: 60_000,
  },
};

/** Without a fault. */
export const withoutFault = { expectedMeetingProvider: 'zoom', untilStart: 40_000 } as const;
