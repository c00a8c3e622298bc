/** Defines a meeting: the fields that a client can write, its stored form and its rendered form. */
import { IANAZone } from 'luxon';
import { z } from 'zod';
import { readLocal, wholeSeconds } from '../time.ts';
import { validationFailed } from './errors.ts';
import { meetingSettingsSchema, passcodeSchema } from './meeting-settings.ts';

const zone = z.string().refine((name) => IANAZone.isValidZone(name), 'Invalid field.');

/** Instant and scheduled meetings. The sandbox does not support recurring meetings (3 and 8). */
const meetingType = z.union([z.literal(1), z.literal(2)]);

export const meetingBodySchema = z.object({
  topic: z
    .string()
    .max(200)
    .refine((topic) => topic.isWellFormed(), 'Invalid field.')
    .optional(),
  agenda: z.string().max(2000).optional(),
  type: meetingType.optional(),
  /** `yyyy-MM-ddTHH:mm:ssZ` in UTC, or without the Z as a local time in `timezone`. */
  start_time: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/, 'Invalid field.')
    .optional(),
  duration: z.int().min(1).max(1440).optional(),
  timezone: zone.optional(),
  password: passcodeSchema.optional(),
  default_password: z.boolean().optional(),
  settings: meetingSettingsSchema.optional(),
  tracking_fields: z.array(z.object({ field: z.string(), value: z.string().optional() })).optional(),
});
export type MeetingBody = z.infer<typeof meetingBodySchema>;

export const storedMeetingSchema = z.object({
  id: z.int(),
  uuid: z.string(),
  host: z.string(),
  type: meetingType,
  topic: z.string(),
  agenda: z.string(),
  startMs: z.number(),
  duration: z.int(),
  timezone: z.string(),
  password: z.string(),
  created: z.number(),
  updated: z.number(),
  settings: z.looseObject({}),
  isStarted: z.boolean().default(false),
  /** Whether a cloud recording is running. */
  isRecording: z.boolean().default(false),
  /** Whether people were in it, and have left. */
  wasHeld: z.boolean().default(false),
  trackingFields: z.array(z.object({ field: z.string(), value: z.string().optional() })),
});
export type StoredMeeting = z.infer<typeof storedMeetingSchema>;

/** Returns the end of a meeting in epoch milliseconds. */
export const endMs = (meeting: StoredMeeting): number => meeting.startMs + meeting.duration * 60_000;

/**
 * Returns the epoch milliseconds of `start_time`. Local times are read in the zone.
 *
 * @throws {ZoomError} for an invalid time.
 */
export const readStart = (text: string, timezone: string): number => {
  const read = readLocal(text, timezone);
  if (read === undefined) throw validationFailed([{ field: 'start_time', message: 'Invalid field.' }]);
  return read;
};

/** The defaults of a meeting's settings. */
const settingsByDefault = {
  host_video: false,
  participant_video: false,
  join_before_host: false,
  mute_upon_entry: false,
  waiting_room: true,
  audio: 'both',
  auto_recording: 'none',
  approval_type: 2,
};

/** Returns the meeting as `GET /meetings/{id}` does. */
export const renderMeeting = (meeting: StoredMeeting) => ({
  uuid: meeting.uuid,
  id: meeting.id,
  host_id: hostId(meeting.host),
  host_email: meeting.host,
  topic: meeting.topic,
  type: meeting.type,
  status: meeting.isStarted ? 'started' : 'waiting',
  start_time: wholeSeconds(meeting.startMs),
  duration: meeting.duration,
  timezone: meeting.timezone,
  agenda: meeting.agenda,
  created_at: wholeSeconds(meeting.created),
  start_url: `https://zoom.us/s/${meeting.id}?zak=sandbox`,
  join_url: joinUrl(meeting),
  password: meeting.password,
  settings: { ...settingsByDefault, ...meeting.settings },
  ...(meeting.trackingFields.length > 0 ? { tracking_fields: meeting.trackingFields } : {}),
});

/** The maximum length of an agenda in lists. Only `GET /meetings/{id}` returns the whole agenda. */
const agendaInLists = 250;

/** Returns the meeting as the list does. */
export const renderListed = (meeting: StoredMeeting) => ({
  uuid: meeting.uuid,
  id: meeting.id,
  host_id: hostId(meeting.host),
  topic: meeting.topic,
  type: meeting.type,
  start_time: wholeSeconds(meeting.startMs),
  duration: meeting.duration,
  timezone: meeting.timezone,
  agenda: meeting.agenda.slice(0, agendaInLists),
  created_at: wholeSeconds(meeting.created),
  join_url: joinUrl(meeting),
});

const hostId = (host: string) => Buffer.from(host).toString('base64url').slice(0, 22);

const joinUrl = (meeting: StoredMeeting) =>
  `https://zoom.us/j/${meeting.id}?pwd=${Buffer.from(meeting.password).toString('base64url')}`;
