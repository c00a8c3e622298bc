/**
 * The settings of an audition's meeting. A setting that is absent leaves the choice to the provider and to the account of
 * the host. A setting that the provider cannot honour is named in the answer.
 */
import { z } from 'zod';
import { singleLineText } from '../text.ts';
import { languageSchema } from './request-parts.ts';

/** Zoom's limit: https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/users/{userId}/meetings */
const longestPasscode = 10;
const mostAlternativeHosts = 10;
const mostBreakoutRooms = 50;
const mostPeopleInRoom = 50;
const longestJoinBeforeHost = 60;

const passcodeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('generated').describe('The provider chooses the passcode') }),
  z.strictObject({
    kind: z.literal('given').describe('The passcode is that of the request'),
    value: z
      .string()
      .regex(
        new RegExp(`^[A-Za-z0-9@_*-]{1,${longestPasscode}}$`),
        `use 1 to ${longestPasscode} letters, digits, "@", "-", "_" or "*"`,
      )
      .describe('The passcode'),
  }),
  z.strictObject({ kind: z.literal('none').describe('The meeting has no passcode') }),
]);

const breakoutRoomSchema = z.strictObject({
  name: singleLineText(32).describe('The name of the room'),
  people: z
    .array(z.email().max(254))
    .max(mostPeopleInRoom)
    .optional()
    .describe('The email addresses of the people who are assigned to the room'),
});

export const meetingSettingsSchema = z.strictObject({
  waitingRoom: z.boolean().optional().describe('Whether the host admits each person'),
  passcode: passcodeSchema.optional().describe('The passcode of the meeting'),
  joinBeforeHost: z
    .union([z.enum(['never', 'anytime']), z.int().min(1).max(longestJoinBeforeHost)])
    .optional()
    .describe('When people can join without the host: minutes before the start, `never` or `anytime`'),
  muteOnEntry: z.boolean().optional().describe('Whether people join with their microphone off'),
  recording: z
    .enum(['none', 'cloud'])
    .optional()
    .describe('Whether the session is recorded in the cloud of the provider'),
  autoStartRecording: z
    .boolean()
    .optional()
    .describe('Whether the recording starts with the session. Without it, the host starts the recording'),
  language: languageSchema.optional().describe('The language that is spoken, for captions and transcripts'),
  alternativeHosts: z
    .array(z.email().max(254))
    .max(mostAlternativeHosts)
    .optional()
    .describe('The email addresses of people who can start the meeting in place of the host'),
  whoMayShare: z.enum(['host', 'everyone']).optional().describe('Who may share a screen'),
  breakoutRooms: z
    .array(breakoutRoomSchema)
    .max(mostBreakoutRooms)
    .optional()
    .describe('Rooms beside the main one, such as for each pair of a chemistry read'),
  endOfMeeting: z
    .enum(['open', 'with_slot'])
    .optional()
    .describe('Whether the meeting stays open after the slot, or ends with it'),
  registrants: z
    .boolean()
    .optional()
    .describe(
      'Whether the participants are registered at the provider. Each join link then leads to an address of this person alone',
    ),
  roles: z
    .boolean()
    .optional()
    .describe(
      'Whether the participants have the role of their kind. Casting directors lead the meeting beside the host. Their join links, and those of readers, work before those of performers',
    ),
  calendarEvent: z
    .boolean()
    .optional()
    .describe(
      'Whether the meeting is a part of an event in the calendar of its host. Google Meet: always. Microsoft Teams: unless this says otherwise, when the session is recorded, because Microsoft serves the recordings of such meetings only. The event leaves the time of the host free',
    ),
  room: z
    .enum(['own', 'session'])
    .optional()
    .describe(
      'Whether the audition has a meeting of its own (`own`, the default), or shares one meeting with all auditions of its casting session (`session`). `session` needs a slot of a session block, and cannot be recorded. Performers are then admitted in turn, unless `admission` is `open`',
    ),
  admission: z
    .enum(['open', 'in_turn'])
    .optional()
    .describe(
      'How performers get into the meeting. `in_turn`: they wait on the page of their join link until the casting office admits them',
    ),
});
export type MeetingSettings = z.infer<typeof meetingSettingsSchema>;

/** `room` and `admission` are not among them: this service does that, at every provider. */
const names = [
  'waitingRoom',
  'passcode',
  'joinBeforeHost',
  'muteOnEntry',
  'recording',
  'autoStartRecording',
  'language',
  'alternativeHosts',
  'whoMayShare',
  'breakoutRooms',
  'endOfMeeting',
  'registrants',
  'roles',
  'calendarEvent',
] as const satisfies readonly (keyof MeetingSettings)[];

/** What a provider can fail to honour. `duration`: the plan of the host ends the meeting earlier than the slot, or can. */
export const settingNames = [...names, 'duration'] as const;
export type SettingName = (typeof settingNames)[number];

/** Returns the settings that are set and not met, in the order of the schema. @param isMet whether the meeting has a setting */
export const unmetSettings = (
  settings: MeetingSettings,
  isMet: (name: keyof MeetingSettings) => boolean,
): readonly SettingName[] => namesOfSettings(settings).filter((name) => !isMet(name));

/**
 * Returns whether a meeting has a setting that its provider has no field for: the value that every meeting of such a
 * provider has anyway. A value that asks for something is not met.
 */
export const isMetByDefault = (name: keyof MeetingSettings, settings: MeetingSettings): boolean => {
  switch (name) {
    case 'passcode':
      return settings.passcode?.kind === 'none';
    case 'muteOnEntry':
      return settings.muteOnEntry === false;
    case 'alternativeHosts':
      return settings.alternativeHosts?.length === 0;
    case 'breakoutRooms':
      return settings.breakoutRooms?.length === 0;
    case 'endOfMeeting':
      return settings.endOfMeeting === 'open';
    case 'registrants':
      return settings.registrants === false;
    case 'roles':
      return settings.roles === false;
    case 'calendarEvent':
      return settings.calendarEvent === false;
    // This service admits people, and lets auditions share a meeting.
    case 'admission':
    case 'room':
      return true;
    case 'joinBeforeHost':
    case 'waitingRoom':
    case 'whoMayShare':
    case 'recording':
    case 'autoStartRecording':
    case 'language':
      return false;
  }
};

/**
 * Returns whether joining before the host is met by a provider whose meetings are started by the first person who may
 * enter: everyone, or no one while all people wait to be admitted. Such a provider has no limit in minutes.
 */
export const isJoinBeforeHostMet = (
  { joinBeforeHost }: MeetingSettings,
  access: 'all_wait' | 'all_enter' | 'other',
): boolean =>
  (joinBeforeHost === 'never' && access === 'all_wait') ||
  (joinBeforeHost === 'anytime' && access === 'all_enter');

/** Returns the names of the settings that are set, in the order of the schema. */
export const namesOfSettings = (settings: MeetingSettings): readonly (typeof names)[number][] =>
  names.filter((name) => settings[name] !== undefined);
