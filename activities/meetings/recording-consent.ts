/** Keeps a recording from starting by itself before everyone who is in the session has consented to it. */
import type { EventStore } from '../../db/trail/event-store.ts';
import { isAuditionOwner } from '../../domain/audition/casting-session.ts';
import type { Meeting } from '../../domain/audition/events.ts';
import type { MeetingSettings, SettingName } from '../../domain/audition/meeting-settings.ts';
import { ProviderError } from '../../domain/errors.ts';
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

/**
 * Starts or stops the automatic recording of a meeting whose consents have changed since it was created. A repeated call
 * changes nothing: the setting is absolute, so the effect needs no ledger. Returns the settings that the meeting does not
 * have now; undefined when nothing was changed.
 *
 * @throws {ProviderError} when a recording without consent could not be stopped. One that could not be started is started
 *   by the host.
 */
export const applyConsent = async (
  {
    events,
    recordings,
  }: {
    readonly events: Pick<EventStore, 'head'>;
    readonly recordings: Pick<RecordingProvider, 'setAutomatic'>;
  },
  input: Owned<CheckMeetingInput>,
  host: HostAccount,
  call: CallContext,
): Promise<readonly SettingName[] | undefined> => {
  const { meeting, settings = {} } = input;
  if (!settings.autoStartRecording) return undefined;
  const wasWithheld = meeting.notHonored?.includes('autoStartRecording') ?? false;
  const { withheld } = await withConsent(events, input, settings);
  if (wasWithheld === withheld.length > 0) return undefined;
  try {
    await recordings.setAutomatic(host, meeting.id, wasWithheld, call);
  } catch (error) {
    if (!wasWithheld || !(error instanceof ProviderError)) throw error;
    return undefined;
  }
  const others = (meeting.notHonored ?? []).filter((name) => name !== 'autoStartRecording');
  return wasWithheld ? others : [...others, 'autoStartRecording'];
};
