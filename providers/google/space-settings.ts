/**
 * Maps the settings of a meeting to those of a space of Meet:
 * https://developers.google.com/workspace/meet/api/guides/meeting-spaces-configuration
 */
import { z } from 'zod';
import {
  isJoinBeforeHostMet,
  isMetByDefault,
  type MeetingSettings,
  type SettingName,
  unmetSettings,
} from '../../domain/audition/meeting-settings.ts';

/** A value that we do not know stays as it is. */
export const spaceConfigSchema = z.object({
  accessType: z.string().optional().describe('Who joins without knocking'),
  moderationRestrictions: z
    .object({ presentRestriction: z.string().optional().describe('Who can share a screen') })
    .optional()
    .describe('In effect while the meeting is moderated'),
  artifactConfig: z
    .object({
      recordingConfig: z
        .object({
          autoRecordingGeneration: z.string().optional().describe('Whether the recording starts by itself'),
        })
        .optional()
        .describe('The recording'),
    })
    .optional()
    .describe('What the meeting produces'),
});
export type SpaceConfig = z.infer<typeof spaceConfigSchema>;

/** A part of the settings that is changed by itself, because an account can be refused one of them. */
interface SpaceChange {
  /** The fields that change, for the query parameter `updateMask`. */
  readonly updateMask: string;
  readonly config: object;
}

/** `RESTRICTED`: only invited people join without knocking. The events of auditions invite no people. */
const accessOf = (waitingRoom: boolean): string => (waitingRoom ? 'RESTRICTED' : 'OPEN');
const presentersOf = (whoMayShare: 'host' | 'everyone'): string =>
  whoMayShare === 'host' ? 'HOSTS_ONLY' : 'NO_RESTRICTION';
/** Without a recording that starts by itself, the host starts it. */
const startOf = ({ autoStartRecording }: MeetingSettings): string => (autoStartRecording ? 'ON' : 'OFF');

/** Returns the changes that give a space the settings. */
export const changesFor = (settings: MeetingSettings): readonly SpaceChange[] => {
  const { waitingRoom, whoMayShare, recording } = settings;
  return [
    ...(waitingRoom === undefined
      ? []
      : [{ updateMask: 'config.accessType', config: { accessType: accessOf(waitingRoom) } }]),
    ...(whoMayShare === undefined
      ? []
      : [
          {
            updateMask: 'config.moderation,config.moderationRestrictions.presentRestriction',
            // The restriction is in effect only while moderation is on.
            config: {
              moderation: 'ON',
              moderationRestrictions: { presentRestriction: presentersOf(whoMayShare) },
            },
          },
        ]),
    ...(recording === undefined
      ? []
      : [
          {
            updateMask: 'config.artifactConfig.recordingConfig.autoRecordingGeneration',
            config: { artifactConfig: { recordingConfig: { autoRecordingGeneration: startOf(settings) } } },
          },
        ]),
  ];
};

/** Returns whether the recording of the space starts by itself. */
export const startsRecording = ({ artifactConfig }: SpaceConfig): boolean =>
  artifactConfig?.recordingConfig?.autoRecordingGeneration === startOf({ autoStartRecording: true });

/** Returns the settings that the space does not have. @param config undefined when its settings are not known */
export const unmetSpaceSettings = (
  settings: MeetingSettings,
  config: SpaceConfig | undefined,
): readonly SettingName[] => unmetSettings(settings, (name) => isMet(name, settings, config));

const isMet = (
  name: keyof MeetingSettings,
  settings: MeetingSettings,
  { accessType, moderationRestrictions, artifactConfig }: SpaceConfig = {},
): boolean => {
  switch (name) {
    case 'waitingRoom':
      return accessType === accessOf(settings.waitingRoom === true);
    case 'whoMayShare':
      return moderationRestrictions?.presentRestriction === presentersOf(settings.whoMayShare ?? 'everyone');
    case 'recording':
    case 'autoStartRecording':
      return artifactConfig?.recordingConfig?.autoRecordingGeneration === startOf(settings);
    case 'joinBeforeHost':
      return isJoinBeforeHostMet(settings, accessFor(accessType));
    // A conference is always that of an event.
    case 'calendarEvent':
      return settings.calendarEvent === true;
    // `spaces.endActiveConference` needs a space that this app has created apart from a calendar:
    // https://developers.google.com/workspace/meet/api/reference/rest/v2/spaces/endActiveConference
    case 'endOfMeeting':
    case 'passcode':
    case 'muteOnEntry':
    case 'alternativeHosts':
    case 'breakoutRooms':
    case 'language':
    case 'registrants':
    // `spaces.members` needs a space that this app has created, too:
    // https://developers.google.com/workspace/meet/api/reference/rest/v2/spaces.members/create
    case 'roles':
    case 'admission':
    case 'room':
      return isMetByDefault(name, settings);
  }
};

const accessFor = (accessType: string | undefined): 'all_wait' | 'all_enter' | 'other' => {
  if (accessType === accessOf(true)) return 'all_wait';
  return accessType === accessOf(false) ? 'all_enter' : 'other';
};
