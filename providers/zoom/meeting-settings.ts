/**
 * Maps the settings of a meeting to Zoom's fields, and finds the settings that a meeting does not have.
 * https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/users/{userId}/meetings
 *
 * Zoom applies what the account has locked, whatever a request says. It accepts such a request, and its answer has the
 * settings that the meeting really has, so these are compared.
 */
import { z } from 'zod';
import {
  type MeetingSettings,
  type SettingName,
  settingNames,
} from '../../domain/audition/meeting-settings.ts';

/** `jbh_time`: 0 means any time. Zoom accepts no other values. */
const joinBeforeHostTimes = [0, 5, 10] as const;

/** The fields of an answer that settings are compared with. A field that Zoom omits is not compared. */
export const appliedSchema = z.object({
  password: z.string().nullish().describe('The passcode; empty without one'),
  settings: z
    .object({
      waiting_room: z.boolean().nullish().describe('Whether the host admits each person'),
      join_before_host: z.boolean().nullish().describe('Whether people can join without the host'),
      jbh_time: z.number().nullish().describe('Minutes before the start; 0 is any time'),
      mute_upon_entry: z.boolean().nullish().describe('Whether people join muted'),
      auto_recording: z.string().nullish().describe('none, local or cloud'),
      approval_type: z.number().nullish().describe('0 approves each registration; 2 is a meeting without'),
      alternative_hosts: z.string().nullish().describe('Email addresses, separated by semicolons'),
      breakout_room: z
        .object({
          enable: z.boolean().nullish().describe('Whether the rooms are assigned'),
          rooms: z
            .array(z.object({ name: z.string().describe('The name of the room') }))
            .nullish()
            .describe('The rooms'),
        })
        .nullish()
        .describe('The breakout rooms'),
    })
    .nullish()
    .describe('The settings that the meeting has'),
});
type Applied = z.infer<typeof appliedSchema>;

/** Returns the fields of the request. Settings that are absent, or that Zoom has no field for, are left out. */
export const zoomFieldsOf = (settings: MeetingSettings): Readonly<Record<string, unknown>> => {
  const fields = {
    ...present('waiting_room', settings.waitingRoom),
    ...joinBeforeHostFields(settings.joinBeforeHost),
    ...present('mute_upon_entry', settings.muteOnEntry),
    ...present('auto_recording', autoRecordingOf(settings)),
    ...registrationFields(settings.registrants),
    ...present('alternative_hosts', settings.alternativeHosts?.join(';')),
    ...present('breakout_room', breakoutRoomOf(settings.breakoutRooms)),
  };
  return {
    ...passcodeFields(settings.passcode),
    ...(Object.keys(fields).length > 0 ? { settings: fields } : {}),
  };
};

/**
 * Returns the settings that the meeting does not have, in the order of the schema. `applied` is the meeting in Zoom's
 * answer.
 *
 * @param mayEnd whether the meeting can be ended at the end of its slot
 */
export const notHonoredBy = (
  settings: MeetingSettings,
  applied: Applied,
  mayEnd: boolean,
): readonly SettingName[] => {
  const { password, settings: actual } = applied;
  const breakoutRooms = actual?.breakout_room?.rooms?.map(({ name }) => name);
  const checks: Readonly<Partial<Record<SettingName, boolean>>> = {
    waitingRoom: differs(settings.waitingRoom, actual?.waiting_room),
    passcode: isPasscodeLost(settings.passcode, password),
    joinBeforeHost: isJoinBeforeHostLost(settings, applied),
    muteOnEntry: differs(settings.muteOnEntry, actual?.mute_upon_entry),
    recording: settings.recording === 'none' && differs('none', actual?.auto_recording),
    autoStartRecording: settings.autoStartRecording === true && differs('cloud', actual?.auto_recording),
    // Zoom has no field for the language that is spoken, only for interpreters.
    language: settings.language !== undefined,
    alternativeHosts: differs(sorted(settings.alternativeHosts), sorted(listOf(actual?.alternative_hosts))),
    // Only a setting of the user, for all meetings: in_meeting.who_can_share_screen of
    // https://developers.zoom.us/docs/api/users/#tag/users/PATCH/users/{userId}/settings
    whoMayShare: settings.whoMayShare !== undefined,
    breakoutRooms: differs(
      settings.breakoutRooms?.map(({ name }) => name).join('\n'),
      breakoutRooms?.join('\n'),
    ),
    // Zoom ends no meeting by its duration: https://devforum.zoom.us/t/14589. The audition ends it.
    endOfMeeting: settings.endOfMeeting === 'with_slot' && !mayEnd,
    // Zoom's meetings are apart from calendars.
    calendarEvent: settings.calendarEvent === true,
    registrants: settings.registrants === true && differs(approvesEach, actual?.approval_type),
  };
  return settingNames.filter((name) => checks[name] === true);
};

const present = (name: string, value: unknown): Readonly<Record<string, unknown>> =>
  value === undefined ? {} : { [name]: value };

/** `undefined`: nothing was requested. `null` or absent in the answer: Zoom does not say, so it is not compared. */
const differs = (requested: unknown, applied: unknown): boolean =>
  requested !== undefined && applied !== undefined && applied !== null && requested !== applied;

/**
 * `default_password` generates a passcode by the rules of the user's account. An empty `password` asks for none; an account
 * that requires one generates it all the same.
 */
const passcodeFields = (passcode: MeetingSettings['passcode']): Readonly<Record<string, unknown>> => {
  switch (passcode?.kind) {
    case 'generated':
      return { default_password: true };
    case 'given':
      return { password: passcode.value };
    case 'none':
      return { password: '', default_password: false };
    case undefined:
      return {};
  }
};

const isPasscodeLost = (passcode: MeetingSettings['passcode'], applied: Applied['password']): boolean => {
  switch (passcode?.kind) {
    case 'generated':
      return applied === '';
    case 'given':
      return differs(passcode.value, applied);
    case 'none':
      return differs('', applied);
    case undefined:
      return false;
  }
};

/** Returns the longest time that Zoom offers and that is not longer than the requested one; 0 is any time. */
const joinTimeOf = (requested: number): number =>
  joinBeforeHostTimes.findLast((minutes) => minutes > 0 && minutes <= requested) ?? joinBeforeHostTimes[1];

const joinBeforeHostFields = (
  requested: MeetingSettings['joinBeforeHost'],
): Readonly<Record<string, unknown>> => {
  if (requested === undefined) return {};
  if (requested === 'never') return { join_before_host: false };
  return { join_before_host: true, jbh_time: requested === 'anytime' ? 0 : joinTimeOf(requested) };
};

/** A waiting room disables joining before the host, at Zoom too. */
const isJoinBeforeHostLost = (
  { joinBeforeHost: requested, waitingRoom }: MeetingSettings,
  { settings: actual }: Applied,
): boolean => {
  if (requested === undefined) return false;
  if (requested === 'never') return differs(false, actual?.join_before_host) && actual?.waiting_room !== true;
  return (
    waitingRoom === true ||
    actual?.waiting_room === true ||
    differs(true, actual?.join_before_host) ||
    differs(requested === 'anytime' ? 0 : requested, actual?.jbh_time ?? joinTime(requested))
  );
};

const joinTime = (requested: number | 'anytime'): number =>
  requested === 'anytime' ? 0 : joinTimeOf(requested);

/** Zoom records by itself or not at all; a host can start a recording in the cloud in every meeting. */
const autoRecordingOf = ({
  recording,
  autoStartRecording,
}: MeetingSettings): 'cloud' | 'none' | undefined => {
  if (recording === undefined) return undefined;
  return recording === 'cloud' && autoStartRecording === true ? 'cloud' : 'none';
};

/** `approval_type`: 0 approves each registration, 1 leaves it to the host, and 2, the default, needs no registration. */
const approvesEach = 0;
const withoutRegistration = 2;

/** Zoom sends no emails to registrants: their addresses are not those of people. */
const registrationFields = (registrants: boolean | undefined): Readonly<Record<string, unknown>> => {
  if (registrants === undefined) return {};
  if (!registrants) return { approval_type: withoutRegistration };
  return {
    approval_type: approvesEach,
    registrants_confirmation_email: false,
    registrants_email_notification: false,
  };
};

const breakoutRoomOf = (rooms: MeetingSettings['breakoutRooms']) =>
  rooms && {
    enable: rooms.length > 0,
    rooms: rooms.map(({ name, people = [] }) => ({ name, participants: people })),
  };

const listOf = (addresses: string | null | undefined): readonly string[] | undefined =>
  addresses?.split(/[;,]/).filter((address) => address !== '');

const sorted = (addresses: readonly string[] | undefined): string | undefined =>
  addresses &&
  [...addresses]
    .map((address) => address.toLowerCase())
    .sort()
    .join(';');
