/** Step 2: the room. The preferred provider first, the next one when it is down, limited or not connected. */
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

/** Makes the meeting, on whichever provider can; asks a person when none can. */
export const createMeeting = async (run: AuditionRun, slot: Slot): Promise<void> => {
  if (run.plan.meetingProviders.length === 0) return;
  for (let pass = 1; ; pass += 1) {
    const { restorationCount } = run.attention;
    const failure = await tryEachProvider(run, slot, pass);
    if (failure === undefined) return;
    if (run.attention.wasConnectionRestoredSince(restorationCount, failure.connection)) continue;
    const decided = await askOperator(run, createMeetingStep, failure);
    if (decided === 'retry') continue;
    if (decided.kind === 'overridden') {
      const meeting: Meeting = { provider: 'manual', id: 'manual', joinUrl: decided.joinUrl };
      run.record({ type: 'meeting_created', meeting });
    }
    return;
  }
};

const createMeetingStep = {
  step: 'meeting',
  purpose: 'create the meeting on any provider',
  hint: 'Retry, override with the link of a meeting made by hand, skip to go on without one, or abort.',
  actions: ['retry', 'override', 'skip', 'abort'],
} as const;

/**
 * Undefined when there is a meeting, else why there is none: the first account that only has to be connected again,
 * since the audition goes on by itself then, or what the last provider said.
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
    const tried = await tryProvider(run, provider, slot, key, to !== undefined);
    if (!('code' in tried)) {
      run.record({ type: 'meeting_created', meeting: tried });
      return undefined;
    }
    failure = failure?.connection ? failure : tried;
    run.record({
      type: 'meeting_fell_back',
      from: provider,
      reason: tried.code,
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
 * A provider that failed may have made the meeting all the same. Undoing that must not delay the next provider, save
 * at Google Meet, where the meeting is a calendar event: a late deletion would take away the event that is written
 * into the same calendar next. There even a person is waited for.
 */
const compensateInBackground = (
  run: AuditionRun,
  key: string,
  provider: MeetingProviderName,
): Promise<void> =>
  run.background.start(async (detach) => {
    // Taken out of the saga first: an ending meanwhile must not undo it once more.
    const compensation = run.saga.pending.find(({ id }) => id === key);
    run.saga.remove(key);
    const canDetach = isHostedMeeting(provider);
    if (canDetach) detach();
    if (compensation) await CancellationScope.nonCancellable(() => compensate(run, compensation));
  });

/** Moves the meeting to another slot. Absolute, so trying again does no harm. */
export const moveMeeting = async (run: AuditionRun, slot: Slot, revision: number): Promise<void> => {
  const { meeting } = run.journal.view;
  if (!meeting || meeting.provider === 'manual') return;
  const { provider } = meeting;
  await retryUntilResolved(
    run,
    {
      step: 'meeting',
      purpose: `move the meeting on ${provider}`,
      hint: 'Retry, skip to leave the meeting at its old time (its link stays valid), or abort to go back to the old slot.',
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
