/**
 * The request for an audition. One schema gives the type, the validation and the OpenAPI document. Times are written
 * as local times in a zone, or with an offset; `time/` converts them into instants.
 */
import { z } from 'zod';
import { connectionIdSchema, participantIdSchema, projectIdSchema, roleIdSchema } from '../ids.ts';
import { calendarProviders, channels, meetingProviders } from '../providers/vendors.ts';
import { multiLineText, singleLineText } from '../text.ts';
import { noShowPolicies } from './policy.ts';
import { auditionRounds } from './states.ts';

export const participantKinds = ['performer', 'reader', 'agent', 'casting_director'] as const;

export type ParticipantKind = (typeof participantKinds)[number];
export type Channel = (typeof channels)[number];

const zone = singleLineText(64).describe('IANA time zone, e.g. Europe/Paris');

/** `2026-12-01T10:00` in `zone`, or with an offset or Z. Parsed by `parseLocalTime`. */
const localOrOffsetTime = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/,
    "write a time as 2026-12-01T10:00 (local to the slot's zone) or with an offset: 2026-12-01T10:00+01:00",
  );

const localClockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'write a time of day as 22:00');

/** ISO 8601 duration before the start: PT24H, PT90M, P2D, PT20S. */
const isoDurationSchema = z
  .string()
  .regex(/^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?$/, 'write a duration as PT24H, P2D or PT90M');

const calendarRefSchema = z
  .object({
    provider: z.enum(calendarProviders),
    connection: connectionIdSchema,
    calendarId: singleLineText(254),
  })
  .strict();
export type CalendarRef = z.infer<typeof calendarRefSchema>;

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
    email: z.email().max(254).optional(),
    phone: z
      .string()
      .regex(/^\+[1-9]\d{6,14}$/, 'write a phone number as E.164: +33612345678')
      .optional(),
    zone,
    locale: z
      .string()
      .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'write a locale as en or fr-FR')
      .default('en'),
    channels: z.array(z.enum(channels)).min(1).max(channels.length),
    quietHours: quietHoursSchema.optional(),
    /** Local hours within which a search chooses a slot. Default: 09:00 to 19:00. */
    workingHours: workingHoursSchema.optional(),
    calendar: calendarRefSchema.optional(),
    /** Whether the audition needs this participant. The performer always counts as required. */
    required: z.boolean().default(true),
  })
  .strict();
export type Participant = z.infer<typeof participantSchema>;

export const fixedSlotSchema = z
  .object({
    start: localOrOffsetTime,
    end: localOrOffsetTime,
    zone,
    room: singleLineText(100).optional(),
  })
  .strict();

/** A window in which the service chooses the earliest slot of this length that is free for all participants. */
export const windowSlotSchema = z
  .object({
    earliest: localOrOffsetTime,
    latest: localOrOffsetTime,
    durationMinutes: z
      .int()
      .min(1)
      .max(24 * 60),
    zone,
    room: singleLineText(100).optional(),
  })
  .strict();

/** Patience and deadlines, ISO 8601 durations. Each has a default in `policy.ts`. */
const policyOverridesSchema = z
  .object({
    stepPatience: isoDurationSchema,
    meetingPatience: isoDurationSchema,
    attentionSla: isoDurationSchema,
    answerWithin: isoDurationSchema,
    noShowGrace: isoDurationSchema,
    checkInOpens: isoDurationSchema,
    sessionOverrun: isoDurationSchema,
    decisionWithin: isoDurationSchema,
    declineGrace: isoDurationSchema,
    reopenWithin: isoDurationSchema,
    noShow: z.enum(noShowPolicies),
  })
  .partial()
  .strict();
export type PolicyOverrides = z.infer<typeof policyOverridesSchema>;

export const auditionRequestSchema = z
  .object({
    project: z.object({ id: projectIdSchema, title: singleLineText(200) }).strict(),
    role: z.object({ id: roleIdSchema, name: singleLineText(200) }).strict(),
    round: z.enum(auditionRounds).default('first'),
    slot: z.union([fixedSlotSchema, windowSlotSchema]),
    participants: z.array(participantSchema).min(1).max(20),
    /** Omitted for an audition in person. The first provider is preferred, the others are fallbacks. */
    meeting: z
      .object({ providers: z.array(z.enum(meetingProviders)).min(1) })
      .strict()
      .optional(),
    /** How long before the start reminders are sent. Default: 24 h and 1 h. */
    reminders: z.array(isoDurationSchema).max(10).default(['PT24H', 'PT1H']),
    notes: multiLineText(2000).optional(),
    policy: policyOverridesSchema.optional(),
  })
  .strict();
export type AuditionRequest = z.infer<typeof auditionRequestSchema>;
