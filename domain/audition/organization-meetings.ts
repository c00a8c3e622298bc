/** The settings of an organization about meetings: the hosts at each provider, and templates of the meeting settings. */
import { z } from 'zod';
import { Refusal } from '../errors.ts';
import { hasServiceHosts, hostedMeetings } from '../providers/vendors.ts';
import { meetingHostSchema } from './meeting-host.ts';
import { type MeetingSettings, meetingSettingsSchema } from './meeting-settings.ts';
import { type AuditionRound, auditionRounds } from './states.ts';

const mostHosts = 50;

const templatesSchema = z.strictObject({
  default: meetingSettingsSchema.optional().describe('Holds for every round'),
  first: meetingSettingsSchema.optional().describe('Settings of first auditions'),
  callback: meetingSettingsSchema.optional().describe('Settings of callbacks'),
  chemistry_read: meetingSettingsSchema.optional().describe('Settings of chemistry reads'),
  screen_test: meetingSettingsSchema.optional().describe('Settings of screen tests'),
} satisfies Record<AuditionRound | 'default', z.ZodType>);
type MeetingTemplates = z.infer<typeof templatesSchema>;

const hostsSchema = z.array(meetingHostSchema).max(mostHosts);

export const organizationMeetingsSchema = z.strictObject({
  hosts: z
    .partialRecord(z.enum(hostedMeetings), hostsSchema)
    .optional()
    .describe('The hosts at each provider, in order of preference. A host has one meeting at a time'),
  templates: templatesSchema
    .optional()
    .describe('Settings of meetings. Those of the round replace those of `default`, one by one'),
});
export type OrganizationMeetings = z.infer<typeof organizationMeetingsSchema>;

/**
 * Returns the settings of a meeting: those of the request, of the round's template, and of the default template.
 *
 * Performers of a shared room are admitted in turn, unless a setting says otherwise.
 *
 * @throws {Refusal} `invalid_body` for settings that contradict each other, `session_room_recorded`
 */
export const resolveMeetingSettings = (
  round: AuditionRound,
  request: MeetingSettings = {},
  templates: MeetingTemplates = {},
): MeetingSettings => {
  const merged = { ...templates.default, ...templates[round], ...request };
  const settings =
    merged.room === 'session' && merged.admission === undefined
      ? { ...merged, admission: 'in_turn' as const }
      : merged;
  if (settings.autoStartRecording && settings.recording !== 'cloud') {
    throw new Refusal(
      'invalid_body',
      'The recording starts automatically, but the meeting is not recorded.',
      'Set recording to cloud, or omit autoStartRecording.',
      ['/meeting/settings/autoStartRecording', '/meeting/settings/recording'],
    );
  }
  if (settings.room === 'session' && settings.recording === 'cloud') {
    throw new Refusal(
      'session_room_recorded',
      'A room that all auditions of a session share cannot be recorded: the recording would show every performer to the others.',
      'Set recording to none, or room to own.',
      ['/meeting/settings/room', '/meeting/settings/recording'],
    );
  }
  return settings;
};

/**
 * Returns the settings of each round, with those of the request. Undefined when the organization has templates of no
 * round: the settings are then the same in every round.
 *
 * @throws {Refusal} like `resolveMeetingSettings`
 */
export const resolveSettingsOfRounds = (
  request: MeetingSettings = {},
  templates: MeetingTemplates = {},
): Readonly<Record<AuditionRound, MeetingSettings>> | undefined => {
  const of = (round: AuditionRound) => resolveMeetingSettings(round, request, templates);
  return auditionRounds.some((round) => templates[round])
    ? {
        first: of('first'),
        callback: of('callback'),
        chemistry_read: of('chemistry_read'),
        screen_test: of('screen_test'),
      }
    : undefined;
};

/**
 * Checks what the schema cannot check.
 *
 * @throws {Refusal} `invalid_body`, `session_room_recorded`
 */
export const checkOrganizationMeetings = ({ hosts = {}, templates = {} }: OrganizationMeetings): void => {
  for (const round of auditionRounds) resolveMeetingSettings(round, {}, templates);
  for (const provider of hostedMeetings) {
    const ofProvider = hosts[provider] ?? [];
    const users = ofProvider.filter(({ kind }) => kind === 'service');
    if (users.length > 0 && !hasServiceHosts(provider)) {
      throw new Refusal(
        'invalid_body',
        `The service has no account of its own at ${provider}, so it has no users there.`,
        'Name connected accounts as hosts.',
        [`/hosts/${provider}`],
      );
    }
    const names = new Set(
      ofProvider.map((host) => (host.kind === 'service' ? host.user.toLowerCase() : host.connection)),
    );
    if (names.size < ofProvider.length) {
      throw new Refusal('invalid_body', `A host of ${provider} is listed twice.`, 'List each host once.', [
        `/hosts/${provider}`,
      ]);
    }
  }
};
