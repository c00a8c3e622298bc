/**
 * The request for an audition. One schema gives the type, the validation and the OpenAPI document. Times are written
 * as local times in a zone, or with an offset; `time/` converts them into instants.
 */
import { z } from 'zod';
import {
  connectionIdSchema,
  participantIdSchema,
  projectIdSchema,
  roleIdSchema,
  sessionBlockIdSchema,
} from '../ids.ts';
import {
  type CalendarProviderName,
  calendarProviders,
  channels,
  meetingProviders,
  roomProviders,
  type WritableCalendarName,
} from '../providers/vendors.ts';
import { multiLineText, singleLineText } from '../text.ts';
import { clockPattern, dayPattern, offsetPattern, preciseClockPattern } from '../time/patterns.ts';
import { calendarRemindersSchema } from './calendar-reminders.ts';
import { largestCast } from './cast-changes.ts';
import { blackoutSchema, conflictSettingsSchema, mostBlackouts } from './conflict-settings.ts';
import { emailSchema } from './email-address.ts';
import { meetingSettingsSchema } from './meeting-settings.ts';
import { phoneRegionSchema, phoneSchema } from './phone-number.ts';
import { calendarMovePolicies, noShowPolicies } from './policy.ts';
import { isoDurationSchema, zoneSchema } from './request-parts.ts';
import { auditionRounds } from './states.ts';

export const participantKinds = ['performer', 'reader', 'agent', 'casting_director'] as const;

export type ParticipantKind = (typeof participantKinds)[number];
export type Channel = (typeof channels)[number];

/** `2026-12-01T10:00` in `zone`, or with an offset or Z. Parsed by `parseLocalTime`. */
const localOrOffsetTime = z
  .string()
  .regex(
    new RegExp(`^${dayPattern}T${preciseClockPattern}${offsetPattern}?$`),
    "write a time as 2026-12-01T10:00 (local to the slot's zone) or with an offset: 2026-12-01T10:00+01:00",
  )
  .describe("A time on the clock of the slot's zone, or with an offset");

const localClockTime = z
  .string()
  .regex(new RegExp(`^${clockPattern}$`), 'write a time of day as 22:00')
  .describe('A time of day in the zone of the participant');

/** The id of a calendar: an address, an opaque id, or a URL. */
export const calendarIdSchema = singleLineText(254).describe(
  'The id of the calendar at its provider. `primary` is the main one of the account',
);

const calendarRefShape = z
  .object({
    provider: z.enum(calendarProviders).describe('The provider of the connection. `ics` is a calendar feed'),
    connection: connectionIdSchema,
    calendarId: calendarIdSchema,
  })
  .strict();
const feedHasOneCalendar = {
  message: 'a calendar feed has one calendar: write its id as primary',
  path: ['calendarId'],
};
const isInFeed = ({
  provider,
  calendarId,
}: {
  provider: CalendarProviderName;
  calendarId?: string | undefined;
}) => provider !== 'ics' || calendarId === undefined || calendarId === 'primary';

const calendarRefSchema = calendarRefShape.refine(isInFeed, feedHasOneCalendar);
export type CalendarRef = z.infer<typeof calendarRefSchema>;
/** A calendar to which events are written. Of any other calendar, only the busy times count. */
export type WritableCalendarRef = CalendarRef & { readonly provider: WritableCalendarName };

const quietHoursSchema = z
  .object({
    from: localClockTime.describe('When the quiet hours begin, such as 22:00'),
    until: localClockTime.describe('When they end, such as 08:00. They can extend past midnight'),
  })
  .strict();
export type QuietHours = z.infer<typeof quietHoursSchema>;

const workingHoursSchema = z
  .object({
    from: localClockTime.describe('When the day begins'),
    until: localClockTime.describe('When it ends'),
  })
  .strict()
  .refine(({ from, until }) => from < until, 'the working hours must begin before they end');
export type WorkingHours = z.infer<typeof workingHoursSchema>;

export const participantSchema = z
  .object({
    id: participantIdSchema,
    kind: z
      .enum(participantKinds)
      .describe('The part of the person in the audition. Each audition has exactly one performer'),
    name: singleLineText(200).describe('The name, as the other participants read it'),
    email: emailSchema.optional(),
    phone: phoneSchema.optional(),
    zone: zoneSchema,
    locale: z
      .string()
      .regex(
        /^[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?(-([A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))?$/,
        'write a locale as en or fr-FR',
      )
      .default('en')
      .describe(
        'The language of messages and pages: English and French. Others are answered in English. The region says how dates are written: in en-US the month comes first, in en the day. Default: en',
      ),
    channels: z
      .array(z.enum(channels))
      .min(1)
      .max(channels.length)
      .describe(
        'The channels on which the participant gets notices. Each needs its address: `email` or `phone`',
      ),
    fallbackChannels: z
      .array(z.enum(channels))
      .max(channels.length)
      .optional()
      .describe(
        'Channels on which the participant agrees to get a notice that could not be delivered on one of `channels`. Omitted: none, and an operator is asked',
      ),
    quietHours: quietHoursSchema
      .optional()
      .describe(
        'When the participant gets no reminders: they are sent before or after. Other messages are sent immediately. Default: none',
      ),
    workingHours: workingHoursSchema
      .optional()
      .describe('Local hours within which a search chooses a slot. Default: 09:00 to 19:00'),
    blackouts: z
      .array(blackoutSchema)
      .max(mostBlackouts)
      .optional()
      .describe("Days, both included, on which the participant is not available, in the participant's zone"),
    calendar: calendarRefSchema.optional().describe('The calendar that events are written to'),
    busyCalendars: z
      .array(calendarRefSchema)
      .optional()
      .describe(
        'Read besides `calendar`, and never written. No resources of the slot: people can share them',
      ),
    required: z
      .boolean()
      .default(true)
      .describe('Whether the audition needs this participant. The performer always counts as required'),
  })
  .strict();
/** A participant of a plan: the calendars are resolved. */
export type Participant = z.infer<typeof participantSchema>;

/** The most calendars that a request can name besides the written one. */
const mostNamedCalendars = 10;

/** A participant of a request. What it omits about calendars is resolved by the choice of the connection's owner. */
export const requestedParticipantSchema = participantSchema.extend({
  phoneRegion: phoneRegionSchema.optional(),
  required: z
    .boolean()
    .optional()
    .describe(
      'Whether the audition needs this participant. Omitted: yes, except for an agent. The performer always counts as required',
    ),
  calendar: calendarRefShape
    .extend({
      calendarId: calendarIdSchema
        .optional()
        .describe(
          'Omitted: the calendar that the owner of the connection has chosen to be written, else the main one',
        ),
    })
    .refine(isInFeed, feedHasOneCalendar)
    .optional()
    .describe('Read and written, unless its provider only reads'),
  busyCalendars: z
    .array(calendarRefSchema)
    .max(mostNamedCalendars)
    .optional()
    .describe(
      'Further calendars, of any connection, whose events count as busy. Nothing is written to them. Omitted: those that the owner of the connection in `calendar` has chosen',
    ),
});
export type RequestedParticipant = z.infer<typeof requestedParticipantSchema>;

const roomSchema = singleLineText(100).describe('The name of the room, as participants read it');

const roomCalendarSchema = z
  .object({
    provider: z.enum(roomProviders).describe('The provider of the connection'),
    connection: connectionIdSchema.describe('The account with which the room is read and booked'),
    email: z
      .email()
      .max(254)
      .describe(
        'The address of the room, from GET /v1/connections/{id}/rooms. At Google, the id of its calendar',
      ),
  })
  .strict()
  .describe(
    'The calendar of the room at Google or Microsoft. The room is booked there, and its busy times count as a conflict',
  )
  .meta({ id: 'RoomCalendar' });

/** A calendar without a name would leave participants without the place. */
const namesItsRoom = ({ room, roomCalendar }: { readonly room?: unknown; readonly roomCalendar?: unknown }) =>
  roomCalendar === undefined || room !== undefined;
const roomNameMissing = { message: 'name the room in `room`: participants read it there', path: ['room'] };

export const fixedSlotSchema = z
  .object({
    start: localOrOffsetTime.describe('The start: local to `zone`, or with an offset'),
    end: localOrOffsetTime.describe('The end, at most 24 hours after the start'),
    zone: zoneSchema,
    room: roomSchema.optional(),
    roomCalendar: roomCalendarSchema.optional(),
  })
  .strict()
  .refine(namesItsRoom, roomNameMissing)
  .meta({ id: 'FixedSlot', description: 'A slot at a fixed time' });

/** A window in which the service chooses the best slot of this length that is free for all participants. */
export const windowSlotSchema = z
  .object({
    earliest: localOrOffsetTime.describe('The slot does not start before'),
    latest: localOrOffsetTime.describe('The slot does not end after'),
    durationMinutes: z
      .int()
      .min(1)
      .max(24 * 60)
      .describe('The length of the slot, in minutes'),
    zone: zoneSchema,
    room: roomSchema.optional(),
    roomCalendar: roomCalendarSchema.optional(),
  })
  .strict()
  .refine(namesItsRoom, roomNameMissing)
  .meta({
    id: 'WindowSlot',
    description: 'A window in which the service chooses the best slot that is free for all participants',
  });

/** A slot of a session block. The sessions of the block decide about its length and its room. */
export const blockSlotSchema = z
  .object({
    block: sessionBlockIdSchema.describe(
      'The session block. The next slot that is free for all participants is chosen',
    ),
    earliest: localOrOffsetTime.optional().describe("By default now. Local times are in the block's zone"),
    latest: localOrOffsetTime.optional().describe('By default 31 days after the first session in question'),
    room: roomSchema
      .optional()
      .describe(
        'The room of the sessions that `roomCalendar` belongs to, and of sessions without a room. Sessions in other rooms are searched as well',
      ),
    roomCalendar: roomCalendarSchema
      .optional()
      .describe(
        'The calendar of `room`. Its busy times count as a conflict for the sessions in that room, and the room is booked there',
      ),
  })
  .strict()
  .refine(namesItsRoom, roomNameMissing)
  .meta({ id: 'BlockSlot', description: 'The next free slot of a session block' });
export type BlockSlot = z.infer<typeof blockSlotSchema>;

export const slotWishSchema = z.union([
  fixedSlotSchema
    .extend({
      block: sessionBlockIdSchema
        .optional()
        .describe('The session block that the slot was chosen from. The slot must be in one of its sessions'),
    })
    .meta({ id: 'ChosenSlot', description: 'A slot at a fixed time, which can be of a session block' }),
  windowSlotSchema,
  blockSlotSchema,
]);
export type SlotWish = z.infer<typeof slotWishSchema>;

/** Patience and deadlines, ISO 8601 durations. The defaults are those of `policy.ts`. */
const policyOverridesSchema = z
  .object({
    stepPatience: isoDurationSchema.describe('Retries of a step before an operator is asked. Default: PT20M'),
    meetingPatience: isoDurationSchema.describe(
      'Retries at a meeting provider before the next one. Default: PT1M',
    ),
    attentionSla: isoDurationSchema.describe('Until an attention item is overdue. Default: PT4H'),
    answerWithin: isoDurationSchema.describe(
      'Until an unanswered invitation of a performer escalates. Default: P2D',
    ),
    noShowGrace: isoDurationSchema.describe(
      'Without a sign of the session, when the casting office is asked after the start. Default: PT15M',
    ),
    checkInOpens: isoDurationSchema.describe('When check-in opens before the start. Default: PT30M'),
    sessionOverrun: isoDurationSchema.describe(
      'Until a session without an end report counts as over, after the end of its slot. Default: PT15M',
    ),
    decisionWithin: isoDurationSchema.describe('Until a missing decision escalates. Default: P7D'),
    declineGrace: isoDurationSchema.describe(
      'How long a performer can change a decline. Until then nothing is undone. Default: PT15M',
    ),
    reopenWithin: isoDurationSchema.describe('How long a closed audition can be reopened. Default: P14D'),
    meetingCheck: isoDurationSchema.describe(
      'When the meeting is checked at its provider before the start. If the provider fails, the audition moves to the next one. Default: PT15M; PT0S: not checked',
    ),
    noShow: z
      .enum(noShowPolicies)
      .describe(
        'Without a sign of the session: `ask` the casting office (default), or close as a no-show, where the meeting provider reports who is present (`automatic`)',
      ),
    calendarMoves: z
      .enum(calendarMovePolicies)
      .describe(
        "When a person moves the event of the audition in a calendar: `ask` the casting office (default), or `reschedule` the audition to that time under the conflict rules. Omitted: the organization's setting",
      ),
    calendarReminders: calendarRemindersSchema,
  })
  .partial()
  .strict();
export type PolicyOverrides = z.infer<typeof policyOverridesSchema>;

export const auditionRequestSchema = z
  .object({
    project: z
      .object({
        id: projectIdSchema,
        title: singleLineText(200).describe('The title, as participants read it'),
      })
      .strict()
      .describe('The production'),
    role: z
      .object({
        id: roleIdSchema,
        name: singleLineText(200).describe('The name of the role, as participants read it'),
      })
      .strict()
      .describe('The part to be cast'),
    round: z.enum(auditionRounds).default('first').describe('The round of the audition. Default: first'),
    slot: slotWishSchema.describe('A fixed time, a window to search, or the next slot of a session block'),
    participants: z
      .array(requestedParticipantSchema)
      .min(1)
      .max(largestCast)
      .describe('The cast: exactly one performer, and those who see the audition'),
    meeting: z
      .object({
        providers: z
          .array(z.enum(meetingProviders))
          .min(1)
          // More than there are: a repeated provider is tried once.
          .max(10)
          .optional()
          .describe(
            'The first provider is preferred, the others are fallbacks. Omitted: the default providers of the organization',
          ),
        host: connectionIdSchema
          .optional()
          .describe(
            'The connected account that hosts the meeting at its provider. The hosts of the organization follow it as fallbacks',
          ),
        settings: meetingSettingsSchema
          .optional()
          .describe('Settings of the meeting. The templates of the organization hold for what is omitted'),
      })
      .strict()
      .optional()
      .describe(
        'Omit it for an audition in person, with slot.room. Without both, the default providers of the organization are used; if it has none, the request is refused',
      ),
    reminders: z
      .array(isoDurationSchema)
      .max(10)
      .default(['PT24H', 'PT1H'])
      .describe(
        "How long before the start reminders are sent, outside the participants' quiet hours. Empty: none. Default: 24 hours and 1 hour",
      ),
    notes: multiLineText(2000)
      .optional()
      .describe('A text for the participants, in invitations and calendar events. At most 2,000 characters'),
    policy: policyOverridesSchema
      .optional()
      .describe('Deadlines of the audition. Each has a default, which holds for what is omitted'),
    conflicts: conflictSettingsSchema
      .optional()
      .describe("Rules about conflicts. The organization's settings hold for what is omitted"),
  })
  .strict();
export type AuditionRequest = z.infer<typeof auditionRequestSchema>;
