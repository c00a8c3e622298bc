/** Step 2: creates the meeting. Falls back to the next provider when one is down, rate limited or not connected. */
import { CancellationScope, isCancellation, patched } from '@temporalio/workflow';
import type { CreateMeetingInput, StepFailure } from '../../../activities/contract.ts';
import type { Meeting } from '../../../domain/audition/meeting.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import type { MeetingProviderName } from '../../../domain/providers/vendors.ts';
import { compensate } from '../compensate.ts';
import { meetingActivities } from '../meeting-activities.ts';
import { askOperator, retryUntilResolved } from '../operator-retry.ts';
import type { AuditionRun, EarlierMeeting } from '../run.ts';
import { isStepFailure, isTrailAhead, toStepFailure } from '../step-failures.ts';
import type { SlotRevision } from './calendar-events.ts';
import { meetingRemovals, removeLater } from './left-meetings.ts';
import { lookAtNewMeeting } from './meeting-check.ts';
import { expectInterruptedRecording } from './recording.ts';
import { registerParticipants } from './registrants.ts';
import { assignRoles } from './roles.ts';

/** How the audition leaves its present meeting. */
export interface Departure {
  /** Undefined when the meeting is gone already. */
  readonly from: Meeting | undefined;
  readonly reason: string;
  /** The providers to try, in order. */
  readonly providers: readonly MeetingProviderName[];
  /** Whether the session is so near that everyone waits for the other meeting. */
  readonly isUrgent: boolean;
  /** No provider could make the meeting. Called before the operator is asked. */
  readonly onNoneLeft: () => void;
}

interface CreateOptions {
  /** Returns whether the meeting is no longer needed. The question is then withdrawn. */
  readonly isMoot?: (() => boolean) | undefined;
  readonly departure?: Departure | undefined;
}

/**
 * Creates the meeting at the first provider that can. Asks an operator when none can. A meeting that the audition leaves
 * stays its meeting until the other one exists.
 */
export const createMeeting = async (
  run: AuditionRun,
  at: SlotRevision,
  { isMoot, departure }: CreateOptions = {},
): Promise<void> => {
  if (run.plan.meetingProviders.length === 0) return;
  for (
    let attempt = departure;
    ;
    attempt = departure && { ...departure, providers: run.plan.meetingProviders }
  ) {
    const { restorationCount } = run.attention;
    const failure = await tryEachProvider(run, at, attempt);
    if (failure === undefined) return;
    if (departure && isMoot?.()) return;
    departure?.onNoneLeft();
    if (run.attention.wasConnectionRestoredSince(restorationCount, failure.connection)) continue;
    const decision = await askOperator(run, { ...createMeetingStep, isMoot }, failure);
    if (decision === 'retry') continue;
    if (decision.kind === 'overridden') {
      const meeting: Meeting = { provider: 'manual', id: 'manual', joinUrl: decision.joinUrl };
      recordMeeting(run, meeting, departure);
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
  at: SlotRevision,
  departure: Departure | undefined,
): Promise<StepFailure | undefined> => {
  const providers = departure?.providers ?? run.plan.meetingProviders;
  run.meetingsRequested += 1;
  let failure: StepFailure | undefined =
    departure && providers.length === 0 ? { code: departure.reason } : undefined;
  for (const [index, provider] of providers.entries()) {
    const to = providers[index + 1];
    const key = run.idempotencyKeyOf(`meeting:${provider}:${run.meetingsRequested}`);
    const attempt = { key, hasFallback: to !== undefined, isUrgent: departure?.isUrgent === true };
    const { consentChanges } = run;
    const result = await tryProvider(run, provider, at, attempt);
    if (!('code' in result)) {
      // The room of a session is on the provider that the first audition has chosen.
      if (result.provider !== provider && result.provider !== 'manual')
        registerRemoval(run, result.provider, at.slot, key);
      recordMeeting(run, result, departure, consentChanges);
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

/**
 * Records the other meeting together with the end of the one that the audition leaves.
 * @param consentsBefore `consentChanges` when the meeting was requested; undefined for a meeting of an operator
 */
const recordMeeting = (
  run: AuditionRun,
  meeting: Meeting,
  departure: Departure | undefined,
  consentsBefore?: number,
): void => {
  const { from, reason } = departure ?? {};
  // Whether the earlier meeting is open says nothing about the session any more.
  if (departure) run.meetingStatus = undefined;
  if (from && run.journal.view.meeting?.id === from.id) {
    run.record({ type: 'meeting_lost', meeting: from, reason });
    expectInterruptedRecording(run, from);
  }
  run.record({ type: 'meeting_created', meeting });
  registerParticipants(run);
  assignRoles(run);
  if (consentsBefore !== undefined) lookAtNewMeeting(run, consentsBefore);
};

const tryProvider = async (
  run: AuditionRun,
  provider: MeetingProviderName,
  at: SlotRevision,
  {
    key,
    hasFallback,
    isUrgent,
  }: { readonly key: string; readonly hasFallback: boolean; readonly isUrgent: boolean },
): Promise<Meeting | StepFailure> => {
  registerRemoval(run, provider, at.slot, key);
  const activities = meetingActivities(
    run,
    provider,
    `Create the meeting on ${provider}`,
    isUrgent ? 'fallback' : hasFallback ? 'meetingPatience' : 'stepPatience',
  );
  // An open circuit is not waited for when another provider follows, or when everyone waits.
  const isPassedOver = hasFallback || isUrgent;
  try {
    return await run.call((call) =>
      activities.createMeeting({
        ...call,
        ...inputFor(run, provider, at, key),
        hasFallback: isPassedOver,
      }),
    );
  } catch (error) {
    if (isCancellation(error) || !isStepFailure(error)) throw error;
    removeInBackground(run, key, isUrgent);
    return toStepFailure(error);
  }
};

const registerRemoval = (
  { saga }: AuditionRun,
  provider: MeetingProviderName,
  slot: Slot,
  key: string,
): void => saga.register({ id: key, stage: 'meeting', kind: 'remove_meeting', keys: [key], provider, slot });

/**
 * Removes the meeting that a failed provider may have created, without delaying the next provider.
 * @param isPatient whether the provider is expected to be down for hours
 */
const removeInBackground = (run: AuditionRun, key: string, isPatient = false): void => {
  // Removed from the saga first, so that an ending in the meantime does not run it again.
  const compensation = run.saga.pending.find(({ id }) => id === key);
  run.saga.remove(key);
  if (!compensation) return;
  void run.background.start(async (detach) => {
    detach();
    await CancellationScope.nonCancellable(() => compensate(run, compensation, { isPatient }));
  });
};

/** The first releases looked for the present meeting among those that were requested from its provider. */
const presentMeetingPatch = 'present-meeting-by-id';

/**
 * Returns which of the meetings of the interrupted run is the present one. A session can have its room at another provider
 * than the one from which this audition has requested it, and the room can have got another meeting since.
 */
const presentAmong = (run: AuditionRun, meeting: Meeting): EarlierMeeting | undefined => {
  const requested = run.idempotencyKeyOf(`meeting:${meeting.provider}:${run.meetingsRequested}`);
  const ofProvider = run.earlierMeetings.filter(({ provider }) => provider === meeting.provider);
  const before =
    ofProvider.find(({ key, id }) => id === meeting.id || key === requested) ?? ofProvider.at(-1);
  const byId = run.earlierMeetings.find(({ id }) => id === meeting.id);
  const present = byId ?? before ?? (meeting.room === 'session' ? run.earlierMeetings.at(-1) : undefined);
  return present === before || !patched(presentMeetingPatch) ? before : present;
};

/**
 * Removes the meetings of an interrupted run that are not the audition's: it had requested them from a provider that
 * failed.
 */
export const removeOtherMeetings = (run: AuditionRun): void => {
  const { meeting } = run.journal.view;
  // The key of a meeting that is still to be created must not be blocked.
  if (!meeting) return;
  const present = presentAmong(run, meeting);
  for (const earlier of run.earlierMeetings) if (earlier !== present) removeInBackground(run, earlier.key);
  run.earlierMeetings = [];
};

/**
 * Moves the meeting to another slot. Idempotent: it sets the absolute time. When the provider no longer has the
 * meeting, its new one is recorded. When the provider fails, the next one makes a meeting at the new time, and the present
 * meeting is removed when its provider answers again.
 * @param isMoot for a move in the background: returns whether the audition has moved on to another slot. The question
 *   to an operator is then withdrawn
 * @param label distinguishes a move to the slot in which the meeting is
 */
export const moveMeeting = async (
  run: AuditionRun,
  at: SlotRevision,
  isMoot?: () => boolean,
  label = '',
): Promise<void> => {
  const { meeting } = run.journal.view;
  if (!meeting) return createMeeting(run, at);
  const isNeedless = () => isMoot?.() === true || isReplaced(run, meeting);
  if (meeting.provider === 'manual') return;
  const { provider } = meeting;
  const key = run.idempotencyKeyOf(`meeting-move:${provider}:r${at.revision}${label}`);
  // Participants without join links get the other link by the notice of the move, which a move in the background does not send.
  const mayLeave = isMoot === undefined || run.plan.joinLinks === true;
  const others = mayLeave ? run.plan.meetingProviders.filter((other) => other !== provider) : [];
  const activities = meetingActivities(
    run,
    provider,
    `Move the meeting on ${provider}`,
    others.length > 0 ? 'meetingPatience' : 'stepPatience',
  );
  // The provider creates a new meeting under this key when it no longer has the old one.
  registerRemoval(run, provider, at.slot, key);
  const { consentChanges } = run;
  const outcome = await retryUntilResolved(
    run,
    {
      step: 'meeting',
      purpose: `move the meeting on ${provider}`,
      hint: 'Retry, skip to keep the meeting at its old time (its link stays valid), or abort to keep the old slot.',
      actions: ['retry', 'skip', 'abort'],
      isMoot: isNeedless,
      isBackground: isMoot !== undefined,
    },
    () =>
      orOtherProvider(run, at, { from: meeting, provider, others, isNeedless }, () =>
        run.call((call) =>
          activities.moveMeeting({
            ...call,
            ...inputFor(run, provider, at, key),
            meeting,
            ...(others.length > 0 && { hasFallback: true }),
          }),
        ),
      ),
  );
  // Of a meeting that was replaced, everything is removed in the background.
  if (outcome.kind !== 'done' || outcome.result === 'replaced') return;
  const { result } = outcome;
  const isNew = result.id !== meeting.id || result.joinUrl !== meeting.joinUrl;
  if (!isNew) {
    run.saga.remove(key);
    noteDuration(run, result);
    lookAtNewMeeting(run, consentChanges);
  } else if (run.ending) return;
  else if (isNeedless()) removeInBackground(run, key);
  else recordMeeting(run, result, undefined, consentChanges);
};

/** The plan of the host can be too short for the new slot, or long enough again. The other settings stay as they were. */
const noteDuration = (run: AuditionRun, { id, notHonored: lacking = [] }: Meeting): void => {
  const { meeting } = run.journal.view;
  const before = meeting?.notHonored ?? [];
  const isShort = lacking.includes('duration');
  if (meeting?.id !== id || before.includes('duration') === isShort || !patched(durationPatch)) return;
  const others = before.filter((name) => name !== 'duration');
  const notHonored = isShort ? [...others, 'duration' as const] : others;
  run.record({ type: 'meeting_settings_changed', meetingId: id, notHonored });
};

/** Earlier releases left the settings of a moved meeting as they were. */
const durationPatch = 'duration-after-move';

/** Faults of our own service: another provider does not help. */
const ownFaults: ReadonlySet<string> = new Set(['database', 'unexpected']);

/** The first releases waited for the provider of the meeting, and then asked an operator. */
const movedFallbackPatch = 'fall-back-at-move';

/**
 * Moves the meeting. When its provider fails, creates a meeting at the new time on the next provider, and removes the present
 * one in the background: its provider may be down for hours.
 * @throws the failure of the move when no other provider can make the meeting
 */
const orOtherProvider = async (
  run: AuditionRun,
  at: SlotRevision,
  {
    from,
    provider,
    others,
    isNeedless,
  }: {
    readonly from: Meeting;
    readonly provider: MeetingProviderName;
    readonly others: readonly MeetingProviderName[];
    readonly isNeedless: () => boolean;
  },
  move: () => Promise<Meeting>,
): Promise<Meeting | 'replaced'> => {
  try {
    return await move();
  } catch (error) {
    if (isCancellation(error) || isTrailAhead(error) || !isStepFailure(error)) throw error;
    const { code } = toStepFailure(error);
    const [next] = others;
    if (next === undefined || ownFaults.has(code) || isNeedless() || !patched(movedFallbackPatch))
      throw error;
    run.record({ type: 'meeting_fell_back', from: provider, reason: code, to: next });
    const before = meetingRemovals(run);
    const departure = { from, reason: code, providers: others, isUrgent: false, onNoneLeft: () => {} };
    const failed = await tryEachProvider(run, at, departure);
    if (failed) throw error;
    const { meeting: present } = run.journal.view;
    if (present) removeLater(run, before, present);
    return 'replaced';
  }
};

/** Returns whether the audition has another meeting by now. */
const isReplaced = ({ journal }: AuditionRun, { id }: Meeting): boolean =>
  journal.view.meeting !== undefined && journal.view.meeting.id !== id;

const inputFor = (
  { plan }: AuditionRun,
  provider: MeetingProviderName,
  { slot, revision }: SlotRevision,
  key: string,
): Pick<CreateMeetingInput, 'key' | 'provider' | 'slot' | 'revision' | 'topic' | 'settings' | 'host'> => ({
  key,
  provider,
  slot,
  revision,
  topic: `${plan.project.title}: ${plan.role.name}`,
  ...(plan.meetingSettings && { settings: plan.meetingSettings }),
  ...(plan.meetingHost && { host: plan.meetingHost }),
});
