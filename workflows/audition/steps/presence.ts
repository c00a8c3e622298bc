/** Applies observations of participants: by their personal join links, and by the provider of the meeting. */
import { opensBefore } from '../../../domain/audition/meeting-roles.ts';
import { presenceFactOf } from '../../../domain/audition/observed-presence.ts';
import { participantPrincipal } from '../../../domain/audition/principal.ts';
import { isCommandAllowed } from '../../../domain/audition/transitions.ts';
import { toEpochMs, toInstant } from '../../../domain/time/epoch.ts';
import type { PresenceReport } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { seenParticipant } from './attendee.ts';
import { checkIn, startSession } from './session.ts';

/**
 * Records the observation. One that the state does not allow, that is about another meeting, or about a person who is not
 * a participant, changes nothing.
 */
export const presenceReported = (run: AuditionRun, report: PresenceReport): void => {
  if (report.what === 'checked_in') return checkInByLink(run, report);
  if (report.what === 'admitted') return startSession(run, 'api', report);
  const { view } = run.journal;
  if (view.state === 'closed') return;
  const { participants: cast } = run.plan;
  const seen = () => seenParticipant(run, report);
  const fact = presenceFactOf(view, cast, toInstant(run.movedAt), report, seen);
  const { correlationId, principal } = report;
  if (fact) run.journal.record(fact, { correlationId, principal });
};

/** A participant who opens the link again, or from another device, has checked in before. */
const checkInByLink = (
  run: AuditionRun,
  {
    participant,
    at,
    correlationId,
    principal = participantPrincipal(participant),
  }: Extract<PresenceReport, { what: 'checked_in' }>,
): void => {
  const { state, slot, joinLinks, participants } = run.journal.view;
  if (!slot || !isCommandAllowed('check-in', state)) return;
  const { checkInOpens } = run.plan.policy;
  const kind = participants.find(({ id }) => id === participant)?.kind;
  const opens = joinLinks?.crewOpensBefore === undefined ? checkInOpens : opensBefore(joinLinks, kind);
  if (toEpochMs(at) < toEpochMs(slot.start) - opens) return;
  checkIn(run, { participant, origin: 'link', correlationId, principal });
};
