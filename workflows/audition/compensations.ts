/** The kinds of compensation of an audition. They are data: serialized by continue-as-new. */
import type { Channel, WritableCalendarRef } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { holdsEffect } from '../../domain/audition/unfinished-ending.ts';
import type { ParticipantId } from '../../domain/ids.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';
import type { Compensation } from '../saga.ts';

export type AuditionCompensation = Compensation &
  (
    | { readonly kind: 'release_holds' }
    | {
        readonly kind: 'remove_meeting';
        /** The idempotency keys under which the meeting was, or may have been, created. */
        readonly keys: readonly string[];
        readonly provider: MeetingProviderName;
        readonly slot: Slot;
      }
    | {
        readonly kind: 'remove_event';
        readonly keys: readonly string[];
        readonly calendar: WritableCalendarRef;
        /** Whether no writing of the event in this calendar had a result when the audition was taken over. */
        readonly isOpen?: boolean | undefined;
      }
    | {
        readonly kind: 'retract_notices';
        readonly participant: ParticipantId;
        readonly channel: Channel;
        /** That of the participant who got the notices. */
        readonly generation?: number | undefined;
        /** The idempotency keys of all notices that were, or may have been, sent. */
        readonly sentAs: readonly string[];
      }
  );

/** Returns what the compensation undoes: the keys of effects in the ledger, or `holds`. */
export const effectsOf = (compensation: AuditionCompensation): readonly string[] => {
  switch (compensation.kind) {
    case 'release_holds':
      return [holdsEffect];
    case 'remove_meeting':
    case 'remove_event':
      return compensation.keys;
    case 'retract_notices':
      return compensation.sentAs;
  }
};

/** Returns whether the compensation retracts the notices to the participant on the channel. */
export const isRetraction = (
  compensation: AuditionCompensation,
  participant: ParticipantId,
  channel: Channel,
): boolean =>
  compensation.kind === 'retract_notices' &&
  compensation.participant === participant &&
  compensation.channel === channel;
