/** Step 7: the decision. A callback starts the next round as an audition of its own, linked to this one. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  startChild,
} from '@temporalio/workflow';
import { isCommandAllowed } from '../../../domain/audition/transitions.ts';
import type { Refusal } from '../../../domain/errors.ts';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import { searchAttributes } from '../../search-attributes.ts';
import { askBeside } from '../background-question.ts';
import { type AuditionInput, auditionWorkflowType, type DecideCommand } from '../messages.ts';
import { wrongState } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';

type CallbackDecision = Extract<DecideCommand, { decision: 'callback' }>;

/** Takes the decision and ends the audition with it. */
export const decide = async (run: AuditionRun, command: DecideCommand): Promise<Refusal | undefined> => {
  if (!isCommandAllowed('decide', run.journal.view.state))
    return wrongState('decide', run.journal.view.state);
  if (command.decision === 'callback') {
    await CancellationScope.nonCancellable(() => startNextRound(run, command));
    if (run.ending) await cancelNextRound(command);
  }
  run.end(
    {
      type: 'decided',
      decision: command.decision,
      ...(command.decision === 'callback' ? { next: command.next.id } : {}),
    },
    command.correlationId,
  );
  return undefined;
};

/** Outlives this workflow. The next round's id comes with the command, so a repeated start finds the first. */
const startNextRound = async (
  { plan }: AuditionRun,
  { next, correlationId }: CallbackDecision,
): Promise<void> => {
  const input: AuditionInput = {
    plan: {
      ...plan,
      id: next.id,
      round: next.round,
      wish: { kind: 'fixed', slot: next.slot },
      correlationId,
      previous: plan.id,
    },
  };
  try {
    await startChild(auditionWorkflowType, {
      workflowId: auditionWorkflowId(next.id),
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // The decision ends this audition, and its scope with it: that must not reach the next round.
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      typedSearchAttributes: [
        { key: searchAttributes.organization, value: plan.organization },
        { key: searchAttributes.project, value: plan.project.id },
        { key: searchAttributes.role, value: plan.role.id },
        { key: searchAttributes.state, value: 'requested' },
      ],
      memo: { organization: plan.organization, correlationId, previous: plan.id },
      staticSummary: `Audition ${next.id}: ${next.round} of ${plan.role.id}, project ${plan.project.id}`,
    });
  } catch (error) {
    if (isCancellation(error) || !(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
};

/** This audition was ended while the next round began: nobody has decided on that one then. */
const cancelNextRound = ({ next }: CallbackDecision): Promise<void> =>
  CancellationScope.nonCancellable(() => getExternalWorkflowHandle(auditionWorkflowId(next.id)).cancel());

/** A decision that is long in coming waits for a person. */
export const escalateMissingDecision = (run: AuditionRun): void => {
  run.decisionEscalated = true;
  askBeside(
    run,
    {
      step: 'decision',
      what: 'The session is over, and nobody has decided.',
      hint: 'Decide (POST …/decide); skip to wait on, or abort.',
      actions: ['skip', 'abort'],
    },
    (action) => {
      if (action !== 'abort') return;
      run.end({ type: 'failed', code: 'undecided', reason: 'An operator gave up waiting for a decision.' });
    },
  );
};
