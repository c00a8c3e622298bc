/** What `--fail` breaks, and what a person then does about it. */
import type { AttentionAction } from '../../../domain/audition/attention.ts';
import type { MeetingProviderName } from '../../../domain/providers/vendors.ts';

export const faultNames = ['zoom', 'google', 'twilio', 'email'] as const;
export type FaultName = (typeof faultNames)[number];

export interface Fault {
  /** What is said before it is switched on. */
  readonly says: string;
  /** Switched on in the sandbox. Absent: the inbox is taken away. */
  readonly inSandbox?: {
    readonly vendor: 'google' | 'zoom' | 'twilio';
    readonly kind: 'outage';
    readonly operation?: string;
  };
  /** What the operator of the demo does about an attention item; `mends` first ends the fault. */
  readonly remedy: { readonly action: Extract<AttentionAction, 'retry' | 'skip'>; readonly mends: boolean };
  /** The provider that should have made the meeting in the end. */
  readonly meetingBy: MeetingProviderName;
  /** How long until the audition starts: giving up on a provider takes its time. Milliseconds. */
  readonly untilStart: number;
}

export const faults: Readonly<Record<FaultName, Fault>> = {
  zoom: {
    says: 'Zoom is down and stays down: the meeting falls back to Google Meet, and what Zoom may have made is removed.',
    inSandbox: { vendor: 'zoom', kind: 'outage' },
    remedy: { action: 'skip', mends: true },
    meetingBy: 'google_meet',
    untilStart: 50_000,
  },
  google: {
    says: 'Google writes no events: after its retries the step waits for a person, who retries once Google is back.',
    inSandbox: { vendor: 'google', kind: 'outage', operation: 'events.insert' },
    remedy: { action: 'retry', mends: true },
    meetingBy: 'zoom',
    untilStart: 60_000,
  },
  twilio: {
    says: 'Twilio is down and stays down: the emails go out, and a person who has called the performer skips the text.',
    inSandbox: { vendor: 'twilio', kind: 'outage' },
    remedy: { action: 'skip', mends: false },
    meetingBy: 'zoom',
    untilStart: 60_000,
  },
  email: {
    says: 'The mail server is gone: the invitations wait for a person, who retries them once it is back.',
    remedy: { action: 'retry', mends: true },
    meetingBy: 'zoom',
    untilStart: 60_000,
  },
};

/** Without a fault. */
export const smooth = { meetingBy: 'zoom', untilStart: 40_000 } as const;
