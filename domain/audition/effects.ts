/** What an effect at a provider needs to be found and undone. The ledger records it, encrypted, with the effect. */
import type { CastingSessionId, ParticipantId } from '../ids.ts';
import type { MeetingProviderName } from '../providers/vendors.ts';
import type { MeetingHost } from './meeting-host.ts';
import type { Channel, WritableCalendarRef } from './request.ts';
import type { Slot } from './slot.ts';

export type EffectTarget =
  | {
      readonly kind: 'calendar_event';
      readonly participant: ParticipantId;
      readonly calendar: WritableCalendarRef;
    }
  /** The room is booked by an event in this calendar. */
  | { readonly kind: 'room_booking'; readonly calendar: WritableCalendarRef }
  | {
      readonly kind: 'meeting';
      readonly provider: MeetingProviderName;
      readonly slot: Slot;
      /** The calendar of a meeting that is the conference of a calendar event. */
      readonly calendar?: WritableCalendarRef | undefined;
      /** The host of a hosted meeting, when it was chosen from hosts of the organization. */
      readonly host?: MeetingHost | undefined;
      /** The casting session whose room the audition uses. Undoing the effect ends the use. */
      readonly session?: CastingSessionId | undefined;
    }
  | {
      readonly kind: 'notice';
      readonly participant: ParticipantId;
      readonly channel: Channel;
      /** That of the participant. Absent for participants of the request. */
      readonly generation?: number | undefined;
    };

/** An effect that the ledger knows and that is not undone. */
export interface StandingEffect {
  /** The idempotency key of the step. */
  readonly key: string;
  readonly target: EffectTarget;
  /** The id of a meeting at its provider, when its creation was recorded. */
  readonly providerId?: string | undefined;
  /** Whether the writing of an event has no recorded result: it can be under way, or was interrupted. */
  readonly isOpen?: boolean | undefined;
}
