/** Step 2: creates the meeting. Falls back to the next provider when one is down, rate limited or not connected. */
import { CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { CreateMeetingInput, MeetingActivities } from '../../../activities/contract.ts';
import type { Meeting } from '../../../domain/audition/events.ts';
import { correlatedIds } from '../../../domain/audition/plan.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { isHostedMeeting, type MeetingProviderName } from '../../../domain/providers/vendors.ts';
import { queueOfMeeting } from '../../task-queues.ts';
import { activityOptions } from '../activity-options.ts';
import { compensate } from '../compensate.ts';
import { askOperator, retryUntilResolved } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';
import { isStepFailure, type StepFailure, toStepFailure } from '../step-failures.ts';

/** Creates the meeting at the first provider that can. Asks an operator when none can. */
export const createMeeting = async (run: AuditionRun, slot: Slot): Promise<void> => {
  if (run.plan.meetingProviders.length === 0) return;
  for (let pass = 1; ; pass += 1) {
    const { restorationCount } = run.attention;
    const failure = await tryEachProvider(run, slot, pass);
    if (failure === undefined) return;
    if (run.attention.wasConnectionRestoredSince(restorationCount, failure.connection)) continue;
    const decision = await askOperator(run, createMeetingStep, failure);
    if (decision === 'retry') continue;
    if (decision.kind === 'overridden') {
      const meeting: Meeting = { provider: 'manual', id: 'manual', joinUrl: decision.joinUrl };
      run.record({ type: 'meeting_created', meeting });
    }
    return;
  }
};

const createMeetingStep = {
  step: 'meeting',
  purpose: 'create the meeting on any provider',
  hint: 'Retry, override with the link of a manually created meeting, skip to continue without a meeting, or abort.',
  actions: ['retry', 'override', 'skip', 'abort'],
} as const;

/**
 * Tries the providers in order. Returns undefined when the meeting was created. Otherwise returns the first failure
 * that reconnecting an account resolves, because the audition then resumes automatically, or else the last failure.
 */
const tryEachProvider = async (
  run: AuditionRun,
  slot: Slot,
  pass: number,
): Promise<StepFailure | undefined> => {
  const providers = run.plan.meetingProviders;
  let failure: StepFailure | undefined;
  for (const [index, provider] of providers.entries()) {
    const to = providers[index + 1];
    const key = run.idempotencyKeyOf(`meeting:${provider}:${pass}`);
    const result = await tryProvider(run, provider, slot, key, to !== undefined);
    if (!('code' in result)) {
      run.record({ type: 'meeting_created', meeting: result });
      return undefined;
    }
    failure = failure?.connection ? failure : result;
    run.record({
      type: 'meeting_fell_back',
      from: provider,
      reason: result.code,
      ...(to ? { to } : {}),
    });
  }
  return failure;
};

const tryProvider = async (
  run: AuditionRun,
  provider: MeetingProviderName,
  slot: Slot,
  key: string,
  hasFallback: boolean,
): Promise<Meeting | StepFailure> => {
  run.saga.register({ id: key, stage: 'meeting', kind: 'remove_meeting', key, provider, slot });
  try {
    return await meetingActivities(
      run,
      provider,
      `Create the meeting on ${provider}`,
      hasFallback ? 'meetingPatience' : 'stepPatience',
    ).createMeeting({ ...inputFor(run, provider, slot, key, 1), hasFallback });
  } catch (error) {
    if (isCancellation(error) || !isStepFailure(error)) throw error;
    await compensateInBackground(run, key, provider);
    return toStepFailure(error);
  }
};

/**
 * Removes the meeting that a failed provider may have created, without delaying the next provider. Google Meet is the
 * exception: its meeting is a calendar event, and a late removal would delete the event that is written to the same
 * calendar next. There the main coroutine waits for the removal, and for an operator if it fails.
 */
const compensateInBackground = (
  run: AuditionRun,
  key: string,
  provider: MeetingProviderName,
): Promise<void> =>
  run.background.start(async (detach) => {
    // Removed from the saga first, so that an ending in the meantime does not run it again.
    const compensation = run.saga.pending.find(({ id }) => id === key);
    run.saga.remove(key);
    const canDetach = isHostedMeeting(provider);
    if (canDetach) detach();
    if (compensation) await CancellationScope.nonCancellable(() => compensate(run, compensation));
  });

/** Moves the meeting to another slot. Idempotent: it sets the absolute time. */
export const moveMeeting = async (run: AuditionRun, slot: Slot, revision: number): Promise<void> => {
  const { meeting } = run.journal.view;
  if (!meeting || meeting.provider === 'manual') return;
  const { provider } = meeting;
  await retryUntilResolved(
    run,
    {
      step: 'meeting',
      purpose: `move the meeting on ${provider}`,
      hint: 'Retry, skip to keep the meeting at its old time (its link stays valid), or abort to keep the old slot.',
      actions: ['retry', 'skip', 'abort'],
    },
    () =>
      meetingActivities(run, provider, `Move the meeting on ${provider}`, 'stepPatience').moveMeeting({
        ...inputFor(
          run,
          provider,
          slot,
          run.idempotencyKeyOf(`meeting-move:${provider}:r${revision}`),
          revision,
        ),
        meeting,
      }),
  );
};

const inputFor = (
  { plan }: AuditionRun,
  provider: MeetingProviderName,
  slot: Slot,
  key: string,
  revision: number,
): Omit<CreateMeetingInput, 'hasFallback'> => ({
  ...correlatedIds(plan),
  key,
  provider,
  slot,
  revision,
  topic: `${plan.project.title}: ${plan.role.name}`,
});

const meetingActivities = (
  run: AuditionRun,
  provider: MeetingProviderName,
  summary: string,
  patience: 'meetingPatience' | 'stepPatience',
) =>
  proxyActivities<MeetingActivities>(
    activityOptions(run, { queue: queueOfMeeting(provider), summary, patience }),
  );
