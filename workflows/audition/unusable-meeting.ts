import type { Meeting } from '../../domain/audition/meeting.ts';

/** A meeting whose provider cannot be used. */
export interface UnusableMeeting {
  readonly meeting: Meeting;
  /** The kind of the provider's fault. */
  readonly reason: string;
}
