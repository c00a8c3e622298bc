/** The activities on the service's own database: the audit trail and the slot holds. */

import { activityInfo } from '@temporalio/activity';
import { answerTimesOf, lastRoomAnswerOf, settledAnswerTimesOf } from '../../domain/audition/last-answers.ts';
import { lastMoveOf } from '../../domain/audition/last-move.ts';
import { planReminders, type Reminder } from '../../domain/audition/reminder-plan.ts';
import { participantPrefix, participantResource } from '../../domain/audition/slot-resources.ts';
import { unfinishedEnding } from '../../domain/audition/unfinished-ending.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { AdoptedTrail, InternalActivities } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { trailCallOf } from '../trail/trail.ts';

type AdoptTrailInput = Parameters<InternalActivities['adoptTrail']>[0];

/**
 * Creates the internal activities.
 * @param now returns epoch milliseconds.
 */
export const createInternalActivities = (
  {
    repositories: { events, holds, ledger, auditionRecords, participantConflicts, writtenEvents },
    runs,
  }: Pick<ActivityDependencies, 'repositories' | 'runs'>,
  now: () => number = Date.now,
): Pick<InternalActivities, 'recordEvents' | 'adoptTrail'> => ({
  /** @throws `trail_ahead` (non-retryable) when the trail has facts of another run that this run does not know. */
  recordEvents: async (input) => {
    const { releaseHolds, yieldHolds, ifAllowed } = input;
    const { sequence, notAllowed } = await events.append(trailCallOf(input), {
      releaseHolds,
      yieldHolds,
      ...(ifAllowed ? { ifAllowed: [ifAllowed] } : {}),
    });
    return ifAllowed ? { sequence, isAllowed: notAllowed.length === 0 } : { sequence };
  },

  adoptTrail: async (input): Promise<AdoptedTrail | undefined> => {
    const { organization, auditionId } = input;
    const head = await events.head(organization, auditionId);
    if (!head) return undefined;
    const { view, number, run } = head;
    const isOwn = run === undefined || run === activityInfo().workflowExecution?.runId;
    const [effects, { last, held }, plan, trail] = await Promise.all([
      ledger.standingEffects(auditionId),
      holds.claims(auditionId),
      isOwn ? undefined : runs.findPlan(auditionId, run),
      auditionRecords.readTrail(auditionId),
    ]);
    const isClosed = view.state === 'closed';
    const roomAnswer = lastRoomAnswerOf(trail);
    // The questions of the earlier run end with it. What they are about is reported, and asked about, once more.
    const reportOrders = isClosed
      ? undefined
      : [
          ...(await participantConflicts.reportAgain(auditionId)),
          ...(await writtenEvents.compareAgain(auditionId, {
            answers: settledAnswerTimesOf(trail),
            room: roomAnswer && { revision: view.revision, answer: roomAnswer },
          })),
        ];
    const { slot } = view;
    const present = held.findLast(({ start, end }) => start === slot?.start && end === slot.end);
    const heldFor = present ? await holds.resourcesOf(auditionId, present.claim) : [];
    return {
      view,
      number,
      plan,
      effects,
      claims: {
        last,
        held: present?.claim,
        ...(present && isForOtherCast(view, heldFor) ? { isForOtherCast: true } : {}),
      },
      reminders: remindersDue(view, plan ?? input, now()),
      movedAt: lastMoveOf(trail),
      unfinished: isClosed ? unfinishedEnding(trail) : undefined,
      ...(reportOrders ? { reportOrders } : {}),
      answeredAt: answerTimesOf(trail),
    };
  },
});

const isForOtherCast = ({ participants }: AuditionView, heldFor: readonly string[]): boolean => {
  const wanted = participants.map(({ id }) => participantResource(id));
  const held = heldFor.filter((resource) => resource.startsWith(participantPrefix));
  return wanted.length !== held.length || wanted.some((resource) => !held.includes(resource));
};

/**
 * Returns the reminders that are still due. They are planned as they were when the audition was requested: a reminder
 * that quiet hours have moved is still due although its offset has passed.
 */
const remindersDue = (
  { slot, state, requestedAt }: AuditionView,
  { reminders, participants }: Pick<AdoptTrailInput, 'reminders' | 'participants'>,
  nowMs: number,
): readonly Reminder[] => {
  if (!slot || state === 'closed') return [];
  const now = toInstant(nowMs);
  return planReminders(slot, reminders, participants, requestedAt).filter(({ at }) => at > now);
};
