/**
 * Reads who was in a meeting, from providers that report it afterwards instead of by webhooks. It answers the question
 * whether a session took place by observation.
 */
import { isCancellation } from '@temporalio/workflow';
import type { ObservedAttendance } from '../../../domain/audition/attendee.ts';
import type { AuditionFact } from '../../../domain/audition/events.ts';
import { reportsPresence } from '../../../domain/providers/vendors.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { minute } from '../../../domain/time/units.ts';
import { meetingActivities } from '../meeting-activities.ts';
import type { AuditionRun } from '../run.ts';
import { isStepFailure } from '../step-failures.ts';
import { seenParticipant } from './attendee.ts';

/** Who was in the meeting. Undefined when the provider does not report it, or could not be asked. */
export interface ReadAttendance {
  readonly attendance: readonly ObservedAttendance[] | undefined;
  /** Whether the performer was certainly there. */
  readonly wasPerformerSeen: boolean;
}

/** Returns whether the provider of the meeting is asked who was there. Auditions of earlier versions do not ask. */
export const readsAttendance = ({ plan, journal }: AuditionRun): boolean => {
  const { meeting } = journal.view;
  return (
    plan.policy.meetingCheck !== undefined &&
    meeting !== undefined &&
    meeting.provider !== 'manual' &&
    !reportsPresence(meeting.provider)
  );
};

/** Reads the attendance and records who was there. A failure is no observation. */
export const readAttendance = async (run: AuditionRun): Promise<ReadAttendance> => {
  const { meeting, slot } = run.journal.view;
  if (!meeting || !slot || meeting.provider === 'manual')
    return { attendance: undefined, wasPerformerSeen: false };
  const { provider } = meeting;
  const activities = meetingActivities(
    run,
    provider,
    `Read who was in the meeting on ${provider}`,
    'fallback',
  );
  try {
    const { attendance } = await run.call((call) =>
      activities.readAttendance({ ...call, provider, meeting, slot }),
    );
    if (!attendance || run.journal.view.meeting?.id !== meeting.id)
      return { attendance: undefined, wasPerformerSeen: false };
    for (const fact of factsOf(run, attendance)) run.record(fact);
    const seen = attendance.map((person) => seenParticipant(run, person));
    const wasPerformerSeen = run.plan.participants.some(
      ({ id, kind }) => kind === 'performer' && seen.includes(id),
    );
    return { attendance, wasPerformerSeen };
  } catch (error) {
    if (isCancellation(error) || !isStepFailure(error)) throw error;
    return { attendance: undefined, wasPerformerSeen: false };
  }
};

/** People who leave within this time of each other leave because the session is over. */
const leaveTogether = 5 * minute;

/** The provider does not report when the session ended: it ended when the last ones left. */
const factsOf = (run: AuditionRun, attendance: readonly ObservedAttendance[]): readonly AuditionFact[] => {
  const lastLeft = Math.max(
    ...attendance.map(({ leftAt }) => (leftAt === undefined ? 0 : toEpochMs(leftAt))),
  );
  const facts = attendance.flatMap((person): readonly AuditionFact[] => {
    const participant = seenParticipant(run, person);
    if (participant === undefined) return [];
    const { joinedAt, leftAt } = person;
    const leftEarly = leftAt !== undefined && toEpochMs(leftAt) < lastLeft - leaveTogether;
    return [
      { type: 'participant_joined', participant, at: joinedAt },
      ...(leftEarly ? [{ type: 'participant_left' as const, participant, at: leftAt }] : []),
    ];
  });
  return facts.filter((fact) => !isRecorded(run, fact));
};

/** The attendance is read again at the end of the session. */
const isRecorded = ({ journal }: AuditionRun, fact: AuditionFact): boolean => {
  if (fact.type !== 'participant_joined' && fact.type !== 'participant_left') return false;
  const presence = journal.view.participants.find(({ id }) => id === fact.participant)?.presence;
  const last = fact.type === 'participant_joined' ? presence?.lastJoinedAt : presence?.leftAt;
  return last !== undefined && fact.at <= last;
};
