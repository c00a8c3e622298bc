/** Keeps a recording from starting by itself before everyone who is in the session has consented to it. */
import type { EventStore } from '../../db/trail/event-store.ts';
import { isAuditionOwner } from '../../domain/audition/casting-session.ts';
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { MeetingSettings, SettingName } from '../../domain/audition/meeting-settings.ts';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import { meetingVendors } from '../../domain/providers/vendors.ts';
import { hasWithdrawal, mayRecord } from '../../domain/recordings/recording-consent.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { CallContext, HostAccount, RecordingProvider } from '../../providers/ports.ts';
import type { CheckMeetingInput, Correlated } from '../contract.ts';
import type { Owned } from './meeting-steps.ts';

interface Consented {
  readonly settings: MeetingSettings;
  /** The settings that were taken out. */
  readonly withheld: readonly SettingName[];
}

/**
 * Returns the settings with which a meeting may be created now. Without the consents, the recording does not start by
 * itself; the host can start it. Reads the consents from the trail, and only for meetings that are to be recorded
 * automatically.
 */
export const withConsent = async (
  events: Pick<EventStore, 'head'>,
  { organization, auditionId }: Owned<Pick<Correlated, 'organization' | 'auditionId'>>,
  settings: MeetingSettings,
): Promise<Consented> => {
  if (!settings.autoStartRecording) return { settings, withheld: [] };
  // The room of a session is never recorded: no consent is about other people's auditions.
  const head = isAuditionOwner(auditionId) ? await events.head(organization, auditionId) : undefined;
  return head && mayRecord(head.view.participants)
    ? { settings, withheld: [] }
    : { settings: { ...settings, autoStartRecording: false }, withheld: ['autoStartRecording'] };
};

/** Returns the meeting with the withheld settings among those that it does not have. */
export const nameWithheld = (meeting: Meeting, withheld: readonly SettingName[]): Meeting =>
  withheld.length > 0
    ? { ...meeting, notHonored: [...new Set([...(meeting.notHonored ?? []), ...withheld])] }
    : meeting;

/** The faults of a request that a repetition does not change. */
const refusals: ReadonlySet<ProviderFaultKind> = new Set([
  'not_permitted',
  'rejected_input',
  'misconfigured',
]);

interface ConsentParts {
  readonly events: Pick<EventStore, 'head'>;
  readonly recordings: Pick<RecordingProvider, 'name' | 'isAutomatic' | 'setAutomatic' | 'stop'>;
}

/**
 * Gives a meeting that an earlier attempt has created the automatic recording of the spec: consents can have changed since. The
 * other settings are those of the plan in every attempt. Idempotent.
 *
 * @throws {ProviderError} when a recording without consent could not be stopped. One that could not be started is started
 *   by the host.
 */
export const alignRecording = async (
  { recordings }: Pick<ConsentParts, 'recordings'>,
  { meetingId, isAutomatic }: { readonly meetingId: string; readonly isAutomatic: boolean },
  host: HostAccount,
  call: CallContext,
): Promise<void> => {
  try {
    const present = await recordings.isAutomatic(host, meetingId, call);
    if (present !== undefined && present !== isAutomatic)
      await recordings.setAutomatic(host, meetingId, isAutomatic, call);
  } catch (error) {
    if (!isAutomatic || !(error instanceof ProviderError)) throw error;
  }
};

/**
 * Starts or stops the recording of a meeting whose consents have changed since it was created. Without the consents, the
 * provider is asked, because the audition may not know what an earlier attempt has set, and the host may be recording by hand.
 * A repeated call changes nothing: the setting is absolute, so the effect needs no ledger. Returns the settings that the meeting
 * does not have now; undefined when those that the audition knows are right.
 *
 * @throws {ProviderError} when a recording without consent could not be stopped. One that could not be started is started
 *   by the host.
 */
export const applyConsent = async (
  { events, recordings }: ConsentParts,
  input: Owned<CheckMeetingInput>,
  host: HostAccount,
  call: CallContext,
): Promise<readonly SettingName[] | undefined> => {
  const { meeting, settings = {}, auditionId, organization } = input;
  if (settings.recording !== 'cloud' && !settings.autoStartRecording) return undefined;
  const running = { recordings, input, host, call };
  if (!settings.autoStartRecording) {
    if (await isWithdrawn(events, { auditionId, organization })) await stopRunning(running);
    return undefined;
  }
  const wasWithheld = meeting.notHonored?.includes('autoStartRecording') ?? false;
  const { withheld } = await withConsent(events, input, settings);
  const isWithheld = withheld.length > 0;
  if (!isWithheld && !wasWithheld) return undefined;
  if (isWithheld && wasWithheld) {
    await keepManual(running);
    if (await isWithdrawn(events, { auditionId, organization })) await stopRunning(running);
    else await tolerateRefusal(recordings.stop?.(host, meeting.id, call));
    return undefined;
  }
  try {
    await recordings.setAutomatic(host, meeting.id, !isWithheld, call);
    if (isWithheld) await stopRunning(running);
  } catch (error) {
    if (isWithheld || !(error instanceof ProviderError)) throw error;
    return undefined;
  }
  const others = (meeting.notHonored ?? []).filter((name) => name !== 'autoStartRecording');
  return isWithheld ? [...others, 'autoStartRecording'] : others;
};

/** Whether a participant of the audition has taken a consent back. A participant who has given none is not recorded by the host in the first place. */
const isWithdrawn = async (
  events: ConsentParts['events'],
  { organization, auditionId }: Owned<Pick<Correlated, 'organization' | 'auditionId'>>,
): Promise<boolean> => {
  const head = isAuditionOwner(auditionId) ? await events.head(organization, auditionId) : undefined;
  return head !== undefined && hasWithdrawal(head.view.participants);
};

interface RunningRecording {
  readonly recordings: ConsentParts['recordings'];
  readonly input: Pick<CheckMeetingInput, 'meeting' | 'slot'>;
  readonly host: HostAccount;
  readonly call: CallContext;
}

/**
 * Stops the recording that runs in the session. Where only people can stop it, fails once the slot has begun, so that an operator
 * asks the host. It fails with a fault that moves no one to another meeting.
 */
const stopRunning = async ({
  recordings,
  input: { meeting, slot },
  host,
  call,
}: RunningRecording): Promise<void> => {
  if (!recordings.stop) {
    if (Date.now() >= toEpochMs(slot.start)) throw recordingMayRun(recordings);
    return;
  }
  try {
    await recordings.stop(host, meeting.id, call);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const { kind } = error.fault;
    // The meeting is not recorded.
    if (kind === 'rejected_input') return;
    throw refusals.has(kind) ? recordingMayRun(recordings, error) : error;
  }
};

const recordingMayRun = ({ name }: ConsentParts['recordings'], cause?: ProviderError): ProviderError =>
  new ProviderError(
    meetingVendors[name].vendor,
    'recordings.stop',
    { kind: 'rejected_input' },
    {
      code: 'recording_may_run',
      message: `a consent was withdrawn after the session had begun, and only the host can stop the recording${
        cause ? `: ${cause.vendor.message}` : ''
      }`,
    },
    { cause },
  );

/** Takes the automatic recording out of a meeting that counts as without one. */
const keepManual = ({ recordings, input: { meeting }, host, call }: RunningRecording): Promise<void> =>
  tolerateRefusal(alignRecording({ recordings }, { meetingId: meeting.id, isAutomatic: false }, host, call));

/** A provider that refuses for good has not started a recording by itself. */
const tolerateRefusal = async (effect: Promise<void> | undefined): Promise<void> => {
  try {
    await effect;
  } catch (error) {
    if (!(error instanceof ProviderError) || !refusals.has(error.fault.kind)) throw error;
  }
};
