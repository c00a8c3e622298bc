/**
 * Takes over an audition whose earlier workflow was reset, terminated or lost, or which is reopened. The trail says what
 * has happened, the ledger what stands at the providers. No step runs until an operator has decided.
 * Reports about calendars are handled nevertheless: an event that the calendar has lost is written again immediately.
 */
import { CancellationScope } from '@temporalio/workflow';
import type { AdoptedTrail } from '../../activities/contract.ts';
import type { StandingEffect } from '../../domain/audition/effects.ts';
import type { TakeoverCause } from '../../domain/audition/events.ts';
import { correlatedIds } from '../../domain/audition/plan.ts';
import { formerCast, presentCast, unknownParticipants } from '../../domain/audition/present-cast.ts';
import { isSameCalendar } from '../../domain/audition/same-calendar.ts';
import type { UnfinishedEnding } from '../../domain/audition/unfinished-ending.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { internalActivities } from '../internal-activities.ts';
import { compensate } from './compensate.ts';
import { type AuditionCompensation, effectsOf } from './compensations.ts';
import { skippedEntriesOf } from './email-entries.ts';
import type { AuditionRun } from './run.ts';
import { removalId } from './steps/calendar-events.ts';
import { releaseId } from './steps/room.ts';

/** Loads the trail into the run, and returns it; undefined when the audition has none: nothing has happened yet. */
export const adoptTrail = async (run: AuditionRun): Promise<AdoptedTrail | undefined> => {
  const { plan } = run;
  const adopted = await internalActivities('Read the trail').adoptTrail({
    ...correlatedIds(plan),
    reminders: plan.reminders,
    participants: plan.participants,
  });
  run.isAdopting = false;
  if (!adopted) return undefined;
  run.resume();
  run.reportOrders.adopt(adopted.reportOrders ?? []);
  run.answeredAt = adopted.answeredAt ?? run.answeredAt;
  run.journal.adopt(adopted.view, adopted.number);
  // After a reset, the plan of this run can be older than the last change of the cast.
  const last = adopted.plan ?? plan;
  const { participants } = adopted.view;
  // The removal of a participant can be in the plan, and not yet in the trail.
  const known = [...last.participants, ...(last.formerParticipants ?? [])];
  run.unknownParticipants = unknownParticipants(known, participants).map(({ id }) => id);
  run.plan = {
    ...last,
    participants: presentCast(known, participants),
    formerParticipants: formerCast(last, participants),
  };
  run.reminders = adopted.reminders;
  run.isHeldForOtherCast = adopted.claims.isForOtherCast ?? false;
  // Of a closed audition whose slot is not held, no claim stays.
  const isClosed = adopted.view.state === 'closed';
  const { last: lastClaim, held = isClosed ? 0 : lastClaim } = adopted.claims;
  run.claims = { last: lastClaim, held };
  run.isRecovering = !isClosed;
  run.meetingsRequested = meetingsRequested(run, adopted);
  run.scheduledAt = toEpochMs(adopted.view.stateSince);
  run.movedAt = adopted.movedAt === undefined ? 0 : toEpochMs(adopted.movedAt);
  run.firstResult = undefined;
  // What this run knew before is out of date, and its questions are withdrawn: they are asked again.
  run.sessionAsked = false;
  run.absence = undefined;
  run.attendanceRead = undefined;
  run.isReadingAttendance = false;
  run.slotTakenAs = undefined;
  run.answerEscalated = false;
  run.decisionEscalated = false;
  run.suppressedAddresses = [];
  run.emailEntries = skippedEntriesOf(run);
  run.deletedMeetings = [];
  run.unusableMeeting = undefined;
  run.meetingCheckedAs = undefined;
  run.meetingEndedAs = undefined;
  // The earlier run had a meeting, and was replacing it.
  run.isMeetingLost =
    !adopted.view.meeting && adopted.effects.some(({ target }) => target.kind === 'meeting');
  run.calendarQuestions.clear();
  run.openNotices.withdrawAll();
  run.saga.replace(compensationsOf(adopted));
  run.earlierMeetings = adopted.effects.flatMap(({ key, target, providerId }) =>
    target.kind === 'meeting' ? [{ key, provider: target.provider, id: providerId }] : [],
  );
  return adopted;
};

/**
 * Asks an operator what to do with an audition that this run has taken over. Returns when the operator has it resumed,
 * or has ended the audition.
 */
export const askToResume = async (
  run: AuditionRun,
  cause: TakeoverCause,
  principal?: string,
): Promise<void> => {
  run.record({ type: 'taken_over', cause }, { principal });
  run.attention.withdrawAll();
  run.firstResult = { kind: 'needs_attention' };
  const { action } = await run.attention.ask({
    step: 'recovery',
    what: `${explanations[cause]}${explainUnknown(run)}`,
    hint: 'Retry to continue from what the trail says; or abort to undo everything and to close the audition.',
    actions: ['retry', 'abort'],
  });
  run.isRecovering = false;
  if (action === 'abort') {
    run.end({ type: 'failed', code: cause, reason: `The workflow was ${cause}, and an operator aborted.` });
  }
};

/**
 * Completes what an audition that was closed still needs. It stays closed. An open item belongs to the workflow that
 * has ended; a compensation that fails again raises another one.
 */
export const resumeEnding = (run: AuditionRun, unfinished: UnfinishedEnding | undefined): void => {
  run.attention.withdrawAll();
  run.resumeEnding(unfinished?.ending);
};

/**
 * Undoes what the earlier workflow of a closed audition has left, before the audition is reopened. A caller does not
 * wait for a compensation that waits for an operator.
 */
export const finishEnding = async (run: AuditionRun, { ending }: UnfinishedEnding): Promise<void> => {
  run.attention.withdrawAll();
  const onAsked = () => {
    run.firstResult = { kind: 'needs_attention' };
  };
  await CancellationScope.nonCancellable(() =>
    run.saga.compensate((compensation) => compensate(run, compensation, { ending, onAsked })),
  );
};

/** Nothing but the history of the earlier run has the names and addresses of a participant who was added later. */
const explainUnknown = ({ unknownParticipants: ids }: AuditionRun): string =>
  ids.length === 0
    ? ''
    : ` The details of ${ids.join(', ')} are no longer known: they get no notices until they are replaced with ` +
      'PUT /v1/auditions/{id}/participants/{participant}.';

const explanations: Readonly<Record<TakeoverCause, string>> = {
  reset: 'The workflow was reset in Temporal, but the audition had gone further. Nothing was changed since.',
  terminated: 'The workflow was terminated or failed in Temporal. What it had booked still stands.',
  vanished: 'Temporal does not know the workflow. What it had booked still stands.',
};

/** A meeting that was requested, but is not in the trail, is requested again under the same key. */
const meetingsRequested = (run: AuditionRun, { view, effects }: AdoptedTrail): number => {
  const requested = effects.flatMap(({ key }) => {
    const number = /:meeting:[a-z_]+:(\d+)$/.exec(key)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
  const last = Math.max(run.meetingsRequested, 0, ...requested);
  return view.meeting || last === 0 ? last : last - 1;
};

/** Returns a compensation for each effect that stands, except for those that an operator has decided to leave. */
const compensationsOf = ({ effects, unfinished }: AdoptedTrail): readonly AuditionCompensation[] => {
  const compensations = new Map<string, AuditionCompensation>([
    ['holds', { id: 'holds', stage: 'hold', kind: 'release_holds' }],
  ]);
  for (const effect of [...effects].sort(byStage)) {
    const compensation = compensationOf(effect, compensations);
    compensations.set(compensation.id, compensation);
  }
  const isKept = (effect: string): boolean => unfinished?.kept.includes(effect) === true;
  return [...compensations.values()].filter((compensation) => !effectsOf(compensation).every(isKept));
};

/** The order in which the steps of an audition register their compensations. */
const stages = ['meeting', 'room_booking', 'calendar_event', 'notice'] as const;
const byStage = (a: StandingEffect, b: StandingEffect): number =>
  stages.indexOf(a.target.kind) - stages.indexOf(b.target.kind);

const removalOf = (target: Extract<StandingEffect['target'], { kind: 'room_booking' | 'calendar_event' }>) =>
  target.kind === 'room_booking' ? releaseId(target.calendar.connection) : removalId(target);

const compensationOf = (
  { key, target, isOpen }: StandingEffect,
  known: ReadonlyMap<string, AuditionCompensation>,
): AuditionCompensation => {
  switch (target.kind) {
    case 'meeting':
      return {
        id: key,
        stage: 'meeting',
        kind: 'remove_meeting',
        keys: [key],
        provider: target.provider,
        slot: target.slot,
      };
    case 'room_booking':
    case 'calendar_event': {
      const id = removalOf(target);
      const before = known.get(id);
      const former = before?.kind === 'remove_event' ? before : undefined;
      const isWritten = former && !former.isOpen && isSameCalendar(former.calendar, target.calendar);
      return {
        id,
        stage: 'calendar_events',
        kind: 'remove_event',
        keys: [...(former?.keys ?? []), key],
        calendar: target.calendar,
        ...(isOpen && !isWritten ? { isOpen } : {}),
      };
    }
    case 'notice': {
      const { participant, channel, generation } = target;
      const id = `retract:${participant}:${channel}`;
      const before = known.get(id);
      const sentAs = before?.kind === 'retract_notices' ? before.sentAs : [];
      return {
        id,
        stage: 'notices',
        kind: 'retract_notices',
        participant,
        channel,
        ...(generation === undefined ? {} : { generation }),
        sentAs: [...sentAs, key],
      };
    }
  }
};
