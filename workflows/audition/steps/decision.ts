/** Step 7: the decision. A callback starts the next round as a separate audition that is linked to this one. */
import {
  TemporalFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  startChild,
} from '@temporalio/workflow';
import { inRoom } from '../../../domain/audition/rooms.ts';
import { summaryOf } from '../../../domain/audition/summary.ts';
import { isCommandAllowed } from '../../../domain/audition/transitions.ts';
import type { Refusal } from '../../../domain/errors.ts';
import type { AuditionId } from '../../../domain/ids.ts';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import { searchAttributes } from '../../search-attributes.ts';
import { askInBackground } from '../background-question.ts';
import { type AuditionInput, auditionWorkflowType, type DecideCommand } from '../messages.ts';
import { wrongState } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';
import { expectRecording } from './recording.ts';

type CallbackDecision = Extract<DecideCommand, { decision: 'callback' }>;

/** Records the decision, which ends the audition. Returns a refusal when the state does not allow it. */
export const decide = async (run: AuditionRun, command: DecideCommand): Promise<Refusal | undefined> => {
  const { state, next: previous } = run.journal.view;
  if (!isCommandAllowed('decide', state)) return wrongState('decide', state);
  if (command.decision === 'callback') {
    await CancellationScope.nonCancellable(() => startNextRound(run, command));
    if (run.ending) await cancelRound(command.next.id);
  }
  // The earlier decision of a reopened audition.
  const isReplaced = command.decision !== 'callback' || command.next.id !== previous;
  if (previous && isReplaced) await cancelRound(previous);
  // The session ends with the decision.
  if (state === 'in_progress') expectRecording(run);
  run.end(
    {
      type: 'decided',
      decision: command.decision,
      ...(command.decision === 'callback' ? { next: command.next.id } : {}),
    },
    { correlationId: command.correlationId, principal: command.principal },
  );
  return undefined;
};

/**
 * Starts the next round, which outlives this workflow. Idempotent: the command carries the next round's id, so that a
 * repeated start finds the first.
 */
const startNextRound = async (
  { plan, journal }: AuditionRun,
  { next, correlationId, principal }: CallbackDecision,
): Promise<void> => {
  const input: AuditionInput = {
    plan: {
      ...plan,
      id: next.id,
      round: next.round,
      meetingSettings: plan.meetingSettingsOfRounds?.[next.round] ?? plan.meetingSettings,
      // In the same room, unless the decision names another.
      wish: inRoom({ kind: 'fixed', slot: next.slot }, journal.view.slot),
      correlationId,
      principal,
      previous: plan.id,
      formerParticipants: undefined,
      // The role of the caller who decides was not asked for.
      mayOverrideConflicts: undefined,
    },
  };
  try {
    await startChild(auditionWorkflowType, {
      workflowId: auditionWorkflowId(next.id),
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // The decision ends this audition and cancels its scope. The cancellation must not reach the next round.
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      typedSearchAttributes: [
        { key: searchAttributes.organization, value: plan.organization },
        { key: searchAttributes.project, value: plan.project.id },
        { key: searchAttributes.role, value: plan.role.id },
        { key: searchAttributes.state, value: 'requested' },
        { key: searchAttributes.correlation, value: correlationId },
      ],
      memo: { organization: plan.organization, correlationId, previous: plan.id },
      staticSummary: summaryOf(input.plan),
    });
  } catch (error) {
    if (isCancellation(error) || !(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
};

/** Cancels a next round that no decision has asked for. Does nothing when it has ended. */
const cancelRound = async (id: AuditionId): Promise<void> => {
  try {
    await CancellationScope.nonCancellable(() => getExternalWorkflowHandle(auditionWorkflowId(id)).cancel());
  } catch (error) {
    const hasEnded = error instanceof WorkflowNotFoundError || error instanceof TemporalFailure;
    if (isCancellation(error) || !hasEnded) throw error;
  }
};

/** Asks an operator what to do about an overdue decision. */
export const escalateMissingDecision = (run: AuditionRun): void => {
  run.decisionEscalated = true;
  askInBackground(
    run,
    {
      step: 'decision',
      what: 'The session is over, but there is no decision.',
      hint: 'Decide (POST …/decide), skip to continue waiting, or abort.',
      actions: ['skip', 'abort'],
    },
    (action) => {
      if (action !== 'abort') return;
      run.end({ type: 'failed', code: 'undecided', reason: 'An operator aborted: there was no decision.' });
    },
  );
};
