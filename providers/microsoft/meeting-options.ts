/**
 * Maps the settings of a meeting to the options of Teams: https://learn.microsoft.com/graph/api/onlinemeeting-update. A
 * policy of the organization can decide an option, so the answer says whether a setting is honoured.
 */
import { z } from 'zod';
import {
  isJoinBeforeHostMet,
  isMetByDefault,
  type MeetingSettings,
  type SettingName,
  unmetSettings,
} from '../../domain/audition/meeting-settings.ts';

/** The options of a meeting as Graph answers them. A value that we do not know stays as it is. */
export const meetingOptionsSchema = z.object({
  allowedPresenters: z.string().nullish().describe('Who can present, and share a screen'),
  allowRecording: z.boolean().nullish().describe('Whether the meeting can be recorded'),
  recordAutomatically: z.boolean().nullish().describe('Whether the recording starts with the meeting'),
  lobbyBypassSettings: z
    .object({ scope: z.string().nullish().describe('The people who bypass the lobby') })
    .nullish()
    .describe('The lobby'),
  joinMeetingIdSettings: z
    .object({
      isPasscodeRequired: z.boolean().nullish().describe('Whether the meeting id needs a passcode'),
    })
    .nullish()
    .describe('How people join with the meeting id'),
  participants: z
    .object({
      attendees: z
        .array(
          z.object({
            upn: z.string().nullish().describe('The sign-in name'),
            role: z.string().nullish().describe('The role in the meeting'),
          }),
        )
        .nullish()
        .describe('The invited people who have a role'),
    })
    .nullish()
    .describe('The people of the meeting'),
});
export type AnsweredOptions = z.infer<typeof meetingOptionsSchema>;

interface CreatedOptions extends AnsweredOptions {
  /** Whether the meeting is a part of an event. */
  readonly hasEvent: boolean;
}

/** `organizer`: all other people wait in the lobby. `everyone`: all people bypass it. */
const lobbyOf = (waitingRoom: boolean) =>
  waitingRoom
    ? { scope: 'organizer', isDialInBypassEnabled: false }
    : { scope: 'everyone', isDialInBypassEnabled: true };

const presentersOf = (whoMayShare: 'host' | 'everyone') =>
  whoMayShare === 'host' ? 'organizer' : 'everyone';

/** Returns the options for a change of the meeting; without fields when no setting has one. */
export const optionsOf = ({ waitingRoom, whoMayShare, recording, autoStartRecording }: MeetingSettings) => ({
  ...(waitingRoom === undefined ? {} : { lobbyBypassSettings: lobbyOf(waitingRoom) }),
  ...(whoMayShare === undefined ? {} : { allowedPresenters: presentersOf(whoMayShare) }),
  ...(recording === undefined
    ? {}
    : {
        allowRecording: recording === 'cloud',
        recordAutomatically: recording === 'cloud' && autoStartRecording === true,
      }),
});

/** Returns the attendees for a change of the meeting: Teams calls an alternative host a co-organizer. */
export const coorganizersOf = (emails: readonly string[]) => ({
  participants: { attendees: emails.map((upn) => ({ upn, role: 'coorganizer' })) },
});

/** Returns the settings that the meeting does not have. */
export const unmetOptions = (settings: MeetingSettings, answered: CreatedOptions): readonly SettingName[] =>
  unmetSettings(settings, (name) => isMet(name, settings, answered));

const isMet = (
  name: keyof MeetingSettings,
  settings: MeetingSettings,
  {
    lobbyBypassSettings,
    allowedPresenters,
    allowRecording,
    recordAutomatically,
    hasEvent,
    ...answered
  }: CreatedOptions,
): boolean => {
  switch (name) {
    case 'waitingRoom':
      return lobbyBypassSettings?.scope === lobbyOf(settings.waitingRoom === true).scope;
    case 'whoMayShare':
      return allowedPresenters === presentersOf(settings.whoMayShare ?? 'everyone');
    case 'recording':
      return (allowRecording ?? true) === (settings.recording === 'cloud');
    case 'autoStartRecording':
      return (recordAutomatically ?? false) === settings.autoStartRecording;
    case 'passcode':
      return hasPasscode(settings.passcode, answered.joinMeetingIdSettings?.isPasscodeRequired === true);
    // A person who bypasses the lobby can start the meeting.
    case 'joinBeforeHost':
      return isJoinBeforeHostMet(
        settings,
        lobbyBypassSettings?.scope === lobbyOf(true).scope ? 'all_wait' : 'all_enter',
      );
    case 'alternativeHosts':
      return areCoorganizers(settings.alternativeHosts ?? [], answered);
    case 'calendarEvent':
      return hasEvent === settings.calendarEvent;
    // The audition makes the casting directors co-organizers after the creation.
    case 'roles':
      return true;
    // Teams can forbid people to unmute, which is more than `muteOnEntry`. Graph creates no rooms, and ends no online meeting:
    // https://learn.microsoft.com/graph/api/resources/onlinemeeting
    case 'muteOnEntry':
    case 'breakoutRooms':
    case 'endOfMeeting':
    case 'language':
    case 'registrants':
    case 'admission':
    case 'room':
      return isMetByDefault(name, settings);
  }
};

/** Teams chooses passcodes itself. `createOrGet` cannot ask for one, and a change is not possible. */
const hasPasscode = (wanted: MeetingSettings['passcode'], isRequired: boolean): boolean =>
  wanted?.kind !== 'given' && isRequired === (wanted?.kind === 'generated');

/** Returns whether these people are co-organizers: those who belong to the organization. */
export const areCoorganizers = (emails: readonly string[], { participants }: AnsweredOptions): boolean => {
  const coorganizers = (participants?.attendees ?? [])
    .filter(({ role }) => role === 'coorganizer')
    .map(({ upn }) => upn?.toLowerCase());
  return emails.every((email) => coorganizers.includes(email.toLowerCase()));
};
