/** The settings about conflicts, of an organization and of a request, and the rules that they result in. */
import { z } from 'zod';
import { Refusal } from '../errors.ts';
import { parseDuration } from '../time/durations.ts';
import { hour, second } from '../time/units.ts';
import { calendarRemindersSchema } from './calendar-reminders.ts';
import {
  type ConflictPolicy,
  type ConflictRules,
  conflictPolicies,
  defaultConflictRules,
  tentativeRules,
} from './conflict-rules.ts';
import { calendarMovePolicies } from './policy.ts';
import { isoDurationSchema, zoneSchema } from './request-parts.ts';

const policySchema = z
  .enum(conflictPolicies)
  .describe(
    'What happens when the slot is not free. `refuse` (default); `propose`: the refusal lists the nearest free slots; `override`: book it in spite of calendar events, buffers and blackouts, if the role of the caller may; `wait`: try again while another audition holds the time, up to `waitFor`',
  );
const waitForSchema = isoDurationSchema.describe('How long `wait` waits: PT1S to PT1H. Default: PT2M');

/** The days of a blackout, both included. */
export const blackoutSchema = z
  .object({
    from: z.iso.date().describe('The first day, such as 2026-12-24'),
    until: z.iso.date().describe('The last day, included'),
  })
  .strict()
  .refine(({ from, until }) => from <= until, 'a blackout must begin before it ends');

export const mostBlackouts = 100;

/** What a command to a running audition can set. */
export const conflictHandlingSchema = z
  .object({ policy: policySchema, waitFor: waitForSchema })
  .partial()
  .strict();
export type ConflictHandlingSettings = z.infer<typeof conflictHandlingSchema>;

/** What the request of an audition can set. The organization's settings hold for the rest. */
export const conflictSettingsSchema = z
  .object({
    policy: policySchema,
    waitFor: waitForSchema,
    tentative: z
      .enum(tentativeRules)
      .describe('Whether tentative events and unanswered invitations in calendars block (default) or not'),
    buffer: isoDurationSchema.describe(
      'The shortest time between two auditions with a participant, a calendar or a room in common. Default: PT0S',
    ),
    calendarBuffer: isoDurationSchema.describe(
      'The shortest time between the audition and events in calendars of participants. Default: PT0S',
    ),
    travel: isoDurationSchema.describe(
      'For an audition in person: the shortest time to an audition by video or in another room, and to events in calendars. Default: PT0S',
    ),
  })
  .partial()
  .strict();
export type ConflictSettings = z.infer<typeof conflictSettingsSchema>;

const overrideRoles = ['backend', 'operator', 'admin'] as const;

/** The roles that may override conflicts in an organization that does not say otherwise. */
export const defaultOverrideRoles: readonly (typeof overrideRoles)[number][] = ['operator', 'admin'];

/** What an organization can set. */
export const organizationConflictsSchema = conflictSettingsSchema.extend({
  blackouts: z
    .array(blackoutSchema.safeExtend({ zone: zoneSchema }))
    .max(mostBlackouts)
    .optional(),
  overrideBy: z.array(z.enum(overrideRoles)).readonly().optional(),
  calendarMoves: z
    .enum(calendarMovePolicies)
    .optional()
    .describe('Default of `policy.calendarMoves` of a request'),
  calendarReminders: calendarRemindersSchema.optional(),
});
export type OrganizationConflicts = z.infer<typeof organizationConflictsSchema>;

/** The longest buffer. The database finds holds near a slot within this time. */
export const longestGap = 12 * hour;

type GapName = 'buffer' | 'calendarBuffer' | 'travel';

/**
 * Returns the rules: those of the request, of the organization, and the defaults.
 * @throws Refusal `invalid_body` or `duration_too_short`, with the JSON pointer of the duration
 */
export const resolveConflictRules = (
  request: ConflictSettings = {},
  organization: OrganizationConflicts = {},
): ConflictRules => {
  const settings = { ...organization, ...request };
  const gap = (name: GapName): number => {
    const text = settings[name];
    return text === undefined ? defaultConflictRules[name] : durationWithin(text, name, 0, longestGap);
  };
  return {
    ...defaultConflictRules,
    ...resolveHandling(settings),
    tentative: settings.tentative ?? defaultConflictRules.tentative,
    buffer: gap('buffer'),
    calendarBuffer: gap('calendarBuffer'),
    travel: gap('travel'),
    blackouts: organization.blackouts ?? defaultConflictRules.blackouts,
  };
};

/** Returns what a command sets, with its duration in milliseconds. @throws Refusal like `resolveConflictRules` */
export const resolveHandling = ({
  policy,
  waitFor,
}: ConflictHandlingSettings): { readonly policy?: ConflictPolicy; readonly waitFor?: number } => ({
  ...(policy === undefined ? {} : { policy }),
  ...(waitFor === undefined ? {} : { waitFor: durationWithin(waitFor, 'waitFor', second, hour) }),
});

const durationWithin = (text: string, name: string, shortest: number, longest: number): number => {
  const pointers = [`/conflicts/${name}`];
  const ms = parseDuration(text, pointers);
  if (ms >= shortest && ms <= longest) return ms;
  throw new Refusal(
    ms < shortest ? 'duration_too_short' : 'invalid_body',
    `"${text}" is too ${ms < shortest ? 'short' : 'long'} for ${name}.`,
    `Use ${shortest / second} to ${longest / second} seconds, or omit it for the default.`,
    pointers,
  );
};
