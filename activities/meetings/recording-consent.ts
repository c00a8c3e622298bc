/** Keeps a recording from starting by itself before everyone who is in the session has consented to it. */
import type { EventStore } from '../../db/trail/event-store.ts';
import { isAuditionOwner } from '../../domain/audition/casting-session.ts';
import type { Meeting } from '../../domain/audition/events.ts';
import type { MeetingSettings, SettingName } from '../../domain/audition/meeting-settings.ts';
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import { mayRecord } from '../../domain/recordings/recording-consent.ts';
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

/** A provider that refuses for good has not started a recording either. */
const refusals: ReadonlySet<ProviderFaultKind> = new Set([
  'not_permitted',
  'rejected_input',
  'misconfigured',
]);

interface ConsentParts {
  readonly events: Pick<EventStore, 'head'>;
  readonly recordings: Pick<RecordingProvider, 'isAutomatic' | 'setAutomatic'>;
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
 * Starts or stops the automatic recording of a meeting whose consents have changed since it was created. Without the
 * consents, the provider is asked, because the audition may not know what an earlier attempt has set. A repeated call
 * changes nothing: the setting is absolute, so the effect needs no ledger. Returns the settings that the meeting does not
 * have now; undefined when those that the audition knows are right.
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
  const { meeting, settings = {} } = input;
  if (!settings.autoStartRecording) return undefined;
  const wasWithheld = meeting.notHonored?.includes('autoStartRecording') ?? false;
  const { withheld } = await withConsent(events, input, settings);
  const isWithheld = withheld.length > 0;
  if (!isWithheld && !wasWithheld) return undefined;
  if (isWithheld && wasWithheld) {
    await stopRecording(recordings, meeting.id, host, call);
    return undefined;
  }
  try {
    await recordings.setAutomatic(host, meeting.id, !isWithheld, call);
  } catch (error) {
    if (isWithheld || !(error instanceof ProviderError)) throw error;
    return undefined;
  }
  const others = (meeting.notHonored ?? []).filter((name) => name !== 'autoStartRecording');
  return isWithheld ? [...others, 'autoStartRecording'] : others;
};

/** Stops a recording that counts as stopped already: a provider that refuses for good has not started it. */
const stopRecording = async (
  recordings: ConsentParts['recordings'],
  meetingId: string,
  host: HostAccount,
  call: CallContext,
): Promise<void> => {
  try {
    await alignRecording({ recordings }, { meetingId, isAutomatic: false }, host, call);
  } catch (error) {
    if (!(error instanceof ProviderError) || !refusals.has(error.fault.kind)) throw error;
  }
};
