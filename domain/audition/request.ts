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
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/,
    "write a time as 2026-12-01T10:00 (local to the slot's zone) or with an offset: 2026-12-01T10:00+01:00",
  );

const localClockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'write a time of day as 22:00');

/** The id of a calendar: an address, an opaque id, or a URL. */
export const calendarIdSchema = singleLineText(254);

const calendarRefShape = z
  .object({
    provider: z.enum(calendarProviders),
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

const quietHoursSchema = z.object({ from: localClockTime, until: localClockTime }).strict();
export type QuietHours = z.infer<typeof quietHoursSchema>;

const workingHoursSchema = z
  .object({ from: localClockTime, until: localClockTime })
  .strict()
  .refine(({ from, until }) => from < until, 'the working hours must begin before they end');
export type WorkingHours = z.infer<typeof workingHoursSchema>;

export const participantSchema = z
  .object({
    id: participantIdSchema,
    kind: z.enum(participantKinds),
    name: singleLineText(200),
    email: emailSchema.optional(),
    phone: phoneSchema.optional(),
    zone: zoneSchema,
    locale: z
      .string()
      .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'write a locale as en or fr-FR')
      .default('en'),
    channels: z.array(z.enum(channels)).min(1).max(channels.length),
    quietHours: quietHoursSchema.optional(),
    workingHours: workingHoursSchema
      .optional()
      .describe('Local hours within which a search chooses a slot. Default: 09:00 to 19:00'),
    blackouts: z
      .array(blackoutSchema)
      .max(mostBlackouts)
      .optional()
      .describe("Days, both included, on which the participant is not available, in the participant's zone"),
    calendar: calendarRefSchema.optional(),
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
    provider: z.enum(roomProviders),
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
  );

/** A calendar without a name would leave participants without the place. */
const namesItsRoom = ({ room, roomCalendar }: { readonly room?: unknown; readonly roomCalendar?: unknown }) =>
  roomCalendar === undefined || room !== undefined;
const roomNameMissing = { message: 'name the room in `room`: participants read it there', path: ['room'] };

export const fixedSlotSchema = z
  .object({
    start: localOrOffsetTime,
    end: localOrOffsetTime,
    zone: zoneSchema,
    room: roomSchema.optional(),
    roomCalendar: roomCalendarSchema.optional(),
  })
  .strict()
  .refine(namesItsRoom, roomNameMissing);

/** A window in which the service chooses the best slot of this length that is free for all participants. */
export const windowSlotSchema = z
  .object({
    earliest: localOrOffsetTime,
    latest: localOrOffsetTime,
    durationMinutes: z
      .int()
      .min(1)
      .max(24 * 60),
    zone: zoneSchema,
    room: roomSchema.optional(),
    roomCalendar: roomCalendarSchema.optional(),
  })
  .strict()
  .refine(namesItsRoom, roomNameMissing);

/** A slot of a session block. The sessions of the block decide about its length and its room. */
export const blockSlotSchema = z
  .object({
    block: sessionBlockIdSchema.describe(
      'The session block. The next slot that is free for all participants is chosen',
    ),
    earliest: localOrOffsetTime.optional().describe("By default now. Local times are in the block's zone"),
    latest: localOrOffsetTime.optional().describe('By default 31 days after the first session in question'),
  })
  .strict();
export type BlockSlot = z.infer<typeof blockSlotSchema>;

export const slotWishSchema = z.union([
  fixedSlotSchema.extend({
    block: sessionBlockIdSchema
      .optional()
      .describe('The session block that the slot was chosen from. The slot must be in one of its sessions'),
  }),
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
    project: z.object({ id: projectIdSchema, title: singleLineText(200) }).strict(),
    role: z.object({ id: roleIdSchema, name: singleLineText(200) }).strict(),
    round: z.enum(auditionRounds).default('first'),
    slot: slotWishSchema,
    participants: z.array(requestedParticipantSchema).min(1).max(largestCast),
    meeting: z
      .object({
        providers: z
          .array(z.enum(meetingProviders))
          .min(1)
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
      .describe('How long before the start reminders are sent'),
    notes: multiLineText(2000).optional(),
    policy: policyOverridesSchema.optional(),
    conflicts: conflictSettingsSchema
      .optional()
      .describe("Rules about conflicts. The organization's settings hold for what is omitted"),
  })
  .strict();
export type AuditionRequest = z.infer<typeof auditionRequestSchema>;
