/** Decides what a join link does now. Links contain no time: the present slot and the policy of the audition decide. */
import type { ParticipantId } from '../ids.ts';
import { toEpochMs, toInstant } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { opensBefore } from './meeting-roles.ts';
import type { Slot } from './slot.ts';
import type { AuditionState } from './states.ts';
import type { AuditionView } from './view.ts';

export type JoinState =
  /** The link must not be distinguishable from one that never existed. */
  | { readonly kind: 'invalid' }
  | { readonly kind: 'early'; readonly opensAt: Instant; readonly time: JoinFacts }
  /**
   * Without an address, another meeting is being created. With `hasBackup`, no provider could make another meeting, and the
   * participants were notified how to take part without one. The address may then be that of a meeting that still works.
   */
  | {
      readonly kind: 'open';
      readonly meetingUrl: string | undefined;
      readonly hasBackup: boolean;
      readonly time: JoinFacts;
    }
  | { readonly kind: 'over' };

/** What a page states about the audition. */
export interface JoinFacts {
  readonly slot: Slot;
  /** The zone of the participant. For the link of the audition, the zone of the slot. */
  readonly zone: string;
  /** Whether the audition had another time before. */
  readonly isMoved: boolean;
  /** The telephone number of the meeting, if it has one. */
  readonly dialIn?: string | undefined;
}

const invalid: JoinState = { kind: 'invalid' };

/** The revision of the first slot that is held. */
const firstRevision = 1;

/** The states in which the participants know a slot. */
const joinableStates: ReadonlySet<AuditionState> = new Set([
  'scheduling',
  'scheduled',
  'confirmed',
  'in_progress',
  'awaiting_decision',
]);

/**
 * Returns what the link of the participant does at an instant. The link of a participant who was removed, or of an
 * audition that is closed, is invalid.
 * @param participant undefined for the link of the audition, which everyone with access to a calendar event can see
 */
export const joinStateOf = (
  view: AuditionView,
  participant: ParticipantId | undefined,
  now: Instant,
): JoinState => {
  const { slot, joinLinks, state } = view;
  const member = view.participants.find(({ id }) => id === participant);
  if (!slot || !joinLinks || !joinableStates.has(state)) return invalid;
  if (participant !== undefined && !member) return invalid;
  const time: JoinFacts = {
    slot,
    zone: member?.zone ?? slot.zone,
    isMoved: view.revision > firstRevision,
    ...(view.meeting?.dialIn === undefined ? {} : { dialIn: view.meeting.dialIn }),
  };
  const opensAt = toInstant(toEpochMs(slot.start) - opensBefore(joinLinks, member?.kind));
  if (now < opensAt) return { kind: 'early', opensAt, time };
  if (toEpochMs(now) >= toEpochMs(slot.end) + joinLinks.closesAfter) return { kind: 'over' };
  return {
    kind: 'open',
    meetingUrl: view.meeting?.joinUrl,
    hasBackup: view.backupAnnouncedAs === view.revision,
    time,
  };
};
