/**
 * Defines an online meeting of Teams: what a client can write, its stored form and its rendered form.
 * https://learn.microsoft.com/graph/api/resources/onlinemeeting
 */
import { z } from 'zod';
import { GraphError } from './errors.ts';
import { objectIdOf } from './person.ts';

const lobbyScopes = [
  'organizer',
  'organization',
  'organizationAndFederated',
  'everyone',
  'invited',
  'organizationExcludingGuests',
] as const;
const presenters = ['everyone', 'organization', 'roleIsPresenter', 'organizer'] as const;
const chatModes = ['enabled', 'disabled', 'limited'] as const;
const roles = ['attendee', 'presenter', 'coorganizer'] as const;

const attendeeSchema = z.strictObject({
  upn: z.string().min(1).optional(),
  role: z.enum(roles).nullish(),
  identity: z.strictObject({ user: z.looseObject({ id: z.string() }) }).optional(),
});
const participantsSchema = z.strictObject({ attendees: z.array(attendeeSchema) });

/** An instant with an offset, and up to seven digits of a second. */
const dateTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)$/, 'it is not a DateTimeOffset');

const optionsShape = {
  allowAttendeeToEnableCamera: z.boolean().optional(),
  allowAttendeeToEnableMic: z.boolean().optional(),
  allowBreakoutRooms: z.boolean().optional(),
  allowedPresenters: z.enum(presenters).optional(),
  allowMeetingChat: z.enum(chatModes).optional(),
  allowRecording: z.boolean().optional(),
  allowTranscription: z.boolean().optional(),
  isEntryExitAnnounced: z.boolean().optional(),
  lobbyBypassSettings: z
    .strictObject({ scope: z.enum(lobbyScopes).optional(), isDialInBypassEnabled: z.boolean().optional() })
    .optional(),
  recordAutomatically: z.boolean().optional(),
};

/** https://learn.microsoft.com/graph/api/onlinemeeting-createorget#request-body */
export const createOrGetSchema = z.strictObject({
  externalId: z.string().min(1),
  startDateTime: dateTime.optional(),
  endDateTime: dateTime.optional(),
  subject: z.string().optional(),
  participants: participantsSchema.optional(),
});
export type CreateOrGetBody = z.infer<typeof createOrGetSchema>;

/** https://learn.microsoft.com/graph/api/application-post-onlinemeetings. An external id belongs to `createOrGet`. */
export const creationSchema = z.strictObject({
  ...optionsShape,
  startDateTime: dateTime.optional(),
  endDateTime: dateTime.optional(),
  subject: z.string().optional(),
  participants: participantsSchema.optional(),
  joinMeetingIdSettings: z.strictObject({ isPasscodeRequired: z.boolean() }).optional(),
});
export type CreationBody = z.infer<typeof creationSchema>;

/** https://learn.microsoft.com/graph/api/onlinemeeting-update#request-body */
export const changeSchema = z.strictObject({
  ...optionsShape,
  startDateTime: dateTime.optional(),
  endDateTime: dateTime.optional(),
  subject: z.string().optional(),
  participants: participantsSchema.optional(),
});
export type ChangeBody = z.infer<typeof changeSchema>;

const meetingOptionsSchema = z.object(optionsShape);
/** The names of the options that a client can write. */
export const optionNames = Object.keys(optionsShape);

export const storedOnlineMeetingSchema = z.object({
  id: z.string(),
  account: z.string(),
  externalId: z.string().optional(),
  createdMs: z.number(),
  startMs: z.number(),
  endMs: z.number(),
  subject: z.string().optional(),
  joinMeetingId: z.string(),
  threadId: z.string(),
  isPasscodeRequired: z.boolean(),
  options: meetingOptionsSchema,
  attendees: z.array(attendeeSchema),
  deleted: z.boolean(),
  /** Whether the meeting was created as a part of an event. */
  hasEvent: z.boolean().default(false),
});
export type StoredOnlineMeeting = z.infer<typeof storedOnlineMeetingSchema>;

/** The options of a meeting when its client has written none. */
const defaults = {
  allowAttendeeToEnableCamera: true,
  allowAttendeeToEnableMic: true,
  allowBreakoutRooms: true,
  allowedPresenters: 'everyone',
  allowMeetingChat: 'enabled',
  allowRecording: true,
  allowTranscription: true,
  isEntryExitAnnounced: true,
  recordAutomatically: false,
} as const;

const hourMs = 3_600_000;

/**
 * Returns start and end. https://learn.microsoft.com/graph/api/onlinemeeting-createorget#request-body says what a missing
 * time means.
 *
 * @throws {GraphError} a 400 for an end without a start, and for an end before the start.
 */
export const timesOf = (
  { startDateTime, endDateTime }: Pick<ChangeBody, 'startDateTime' | 'endDateTime'>,
  nowMs: number,
): { readonly startMs: number; readonly endMs: number } => {
  if (endDateTime !== undefined && startDateTime === undefined) {
    throw new GraphError(400, 'BadRequest', 'StartTime is required when EndTime is provided.');
  }
  const startMs = startDateTime === undefined ? nowMs : Date.parse(startDateTime);
  const endMs = endDateTime === undefined ? startMs + hourMs : Date.parse(endDateTime);
  if (endMs < startMs) throw new GraphError(400, 'BadRequest', 'EndTime cannot be before StartTime.');
  return { startMs, endMs };
};

/** Returns a time with seven digits of a second, as Graph does. */
export const graphInstant = (epochMs: number): string =>
  new Date(epochMs).toISOString().replace('Z', '0000Z');

/** Returns the link by which people join. */
export const joinWebUrlOf = ({ threadId, account }: StoredOnlineMeeting, tenantId: string): string =>
  `https://teams.microsoft.com/l/meetup-join/${encodeURIComponent(threadId)}/0?context=${encodeURIComponent(
    JSON.stringify({ Tid: tenantId, Oid: objectIdOf(account) }),
  )}`;

/** Values that were added later: https://learn.microsoft.com/graph/api/resources/lobbybypasssettings */
const laterValues: readonly string[] = ['invited', 'organizationExcludingGuests', 'coorganizer'];

/** Returns the meeting as Graph does. @param knowsLater whether the client has asked for values that were added later */
export const renderOnlineMeeting = (meeting: StoredOnlineMeeting, tenantId: string, knowsLater = true) => {
  const shown = (value: string) =>
    laterValues.includes(value) && !knowsLater ? 'unknownFutureValue' : value;
  return {
    '@odata.type': '#microsoft.graph.onlineMeeting',
    id: meeting.id,
    creationDateTime: graphInstant(meeting.createdMs),
    startDateTime: graphInstant(meeting.startMs),
    endDateTime: graphInstant(meeting.endMs),
    joinWebUrl: joinWebUrlOf(meeting, tenantId),
    subject: meeting.subject ?? null,
    externalId: meeting.externalId ?? null,
    isBroadcast: false,
    ...defaults,
    ...meeting.options,
    lobbyBypassSettings: {
      isDialInBypassEnabled: false,
      ...meeting.options.lobbyBypassSettings,
      scope: shown(meeting.options.lobbyBypassSettings?.scope ?? 'organization'),
    },
    joinMeetingIdSettings: {
      isPasscodeRequired: meeting.isPasscodeRequired,
      joinMeetingId: meeting.joinMeetingId,
      passcode: meeting.isPasscodeRequired ? meeting.joinMeetingId.slice(-6) : null,
    },
    participants: {
      organizer: { upn: meeting.account, role: 'presenter', identity: userOf(meeting.account) },
      attendees: meeting.attendees.map(({ upn, role, identity }) => ({
        upn: upn ?? null,
        role: role ? shown(role) : null,
        identity: identity ?? userOf(upn ?? ''),
      })),
    },
  };
};

const userOf = (account: string) => ({ user: { id: objectIdOf(account), displayName: null } });
