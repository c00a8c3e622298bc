/** Decides for how long the meeting of a session is watched, and whether everyone can still move to another one. */
import { reportsPresence } from '../providers/vendors.ts';
import { toEpochMs } from '../time/epoch.ts';
import { minute } from '../time/units.ts';
import type { ParticipantView } from './participant-view.ts';
import type { AuditionView } from './view.ts';

/** The meeting is watched from this long before the start of the slot, in milliseconds. */
export const watchedBefore = 15 * minute;

/** The meeting is watched until this long after the start of the slot, in milliseconds, unless people are in it. */
export const watchedAfter = 10 * minute;

/**
 * Returns whether a failure of the provider still moves everyone. Before the slot begins, it does. In the first minutes of the
 * slot, it does while nobody can be in the meeting: a provider that does not answer this service often still serves its users.
 */
export const isWatched = (
  view: Pick<AuditionView, 'slot' | 'meeting' | 'participants' | 'state' | 'joinLinks'>,
  nowMs: number,
): boolean => {
  const { slot, meeting, participants } = view;
  if (!slot || !meeting || meeting.provider === 'manual') return false;
  const sinceStart = nowMs - toEpochMs(slot.start);
  if (sinceStart < -watchedBefore || sinceStart >= watchedAfter) return false;
  if (sinceStart < 0) return true;
  const isReported = reportsPresence(meeting.provider);
  return !participants.some(
    (participant) => participant.presence !== undefined || (!isReported && mayHaveJoined(participant, view)),
  );
};

/** A provider that reports nothing does not say who is in the meeting. A performer who waits for the admission is not. */
const mayHaveJoined = (
  { kind, checkedIn }: ParticipantView,
  { state, joinLinks }: Pick<AuditionView, 'state' | 'joinLinks'>,
): boolean =>
  checkedIn && !(kind === 'performer' && joinLinks?.admission === 'in_turn' && state !== 'in_progress');
