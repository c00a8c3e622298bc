/** Applies observations of participants: by their personal join links, and by the provider of the meeting. */
import { whoJoined } from '../../../domain/audition/attendee.ts';
import { opensBefore } from '../../../domain/audition/meeting-roles.ts';
import { isCommandAllowed } from '../../../domain/audition/transitions.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import type { PresenceReport } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { checkIn, startSession } from './session.ts';

type JoinReport = Exclude<PresenceReport, { what: 'checked_in' | 'admitted' }>;

/**
 * Records the observation. One that the state does not allow, that is about another meeting, or about a person who is not
 * a participant, changes nothing.
 */
export const presenceReported = (run: AuditionRun, report: PresenceReport): void => {
  if (report.what === 'checked_in') return checkInByLink(run, report);
  if (report.what === 'admitted') return startSession(run, 'api', report.correlationId);
  const { view } = run.journal;
  if (view.state === 'closed' || report.meetingId !== view.meeting?.id) return;
  if (toEpochMs(report.at) < run.movedAt) return;
  const participant = registered(run, report) ?? whoJoined(run.plan.participants, report);
  if (participant === undefined || isKnown(run, participant, report)) return;
  run.journal.record(
    {
      type: report.what === 'joined' ? 'participant_joined' : 'participant_left',
      participant,
      at: report.at,
    },
    { correlationId: report.correlationId },
  );
};

/** The provider can report a person who has left the cast since. */
const registered = ({ plan }: AuditionRun, { participant }: JoinReport): ParticipantId | undefined =>
  plan.participants.find(({ id }) => id === participant)?.id;

/** A participant who opens the link again, or from another device, has checked in before. */
const checkInByLink = (
  run: AuditionRun,
  { participant, at, correlationId }: Extract<PresenceReport, { what: 'checked_in' }>,
): void => {
  const { state, slot, joinLinks, participants } = run.journal.view;
  if (!slot || !isCommandAllowed('check-in', state)) return;
  const { checkInOpens } = run.plan.policy;
  const kind = participants.find(({ id }) => id === participant)?.kind;
  const opens = joinLinks?.crewOpensBefore === undefined ? checkInOpens : opensBefore(joinLinks, kind);
  if (toEpochMs(at) < toEpochMs(slot.start) - opens) return;
  checkIn(run, { participant, origin: 'link', correlationId });
};

/** A person with two devices joins twice. */
const isKnown = ({ journal }: AuditionRun, id: string, { what, at }: JoinReport): boolean => {
  const presence = journal.view.participants.find((participant) => participant.id === id)?.presence;
  const last = what === 'joined' ? presence?.lastJoinedAt : presence?.leftAt;
  return last !== undefined && at <= last;
};
