/**
 * Restores the plan of an audition whose workflow is gone: from the input of its last workflow, or from its read model.
 * The plan starts the workflow that takes the audition over.
 */
import { z } from 'zod';
import {
  auditionIdSchema,
  organizationIdSchema,
  projectIdSchema,
  roleIdSchema,
  sessionBlockIdSchema,
} from '../ids.ts';
import { meetingProviders } from '../providers/vendors.ts';
import { instantSchema } from '../time/instant.ts';
import { storedCalendarRemindersSchema } from './calendar-reminders.ts';
import { conflictPolicies, defaultConflictRules, tentativeRules } from './conflict-rules.ts';
import { blackoutSchema } from './conflict-settings.ts';
import { meetingBackupSchema } from './meeting-backup.ts';
import { meetingHostSchema } from './meeting-host.ts';
import { meetingSettingsSchema } from './meeting-settings.ts';
import type { AuditionPlan } from './plan.ts';
import { calendarMovePolicies, defaultPolicy, noShowPolicies } from './policy.ts';
import { participantFromTrail } from './present-cast.ts';
import { participantSchema } from './request.ts';
import { roomCalendarSchema, slotSchema } from './slot.ts';
import { auditionRounds } from './states.ts';
import type { AuditionView } from './view.ts';

const milliseconds = z.number();

const slotSpecSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('fixed'), slot: slotSchema }),
  z.object({
    kind: z.literal('window'),
    earliest: instantSchema,
    latest: instantSchema,
    durationMinutes: z.number(),
    zone: z.string(),
    room: z.string().optional(),
    roomCalendar: roomCalendarSchema.optional(),
    block: sessionBlockIdSchema.optional(),
  }),
]);

/** An earlier version of the service may have stored a policy without the deadlines that were added since. */
const storedPolicySchema = z.object({
  stepPatience: milliseconds.default(defaultPolicy.stepPatience),
  meetingPatience: milliseconds.default(defaultPolicy.meetingPatience),
  attentionSla: milliseconds.default(defaultPolicy.attentionSla),
  answerWithin: milliseconds.default(defaultPolicy.answerWithin),
  noShowGrace: milliseconds.default(defaultPolicy.noShowGrace),
  checkInOpens: milliseconds.default(defaultPolicy.checkInOpens),
  sessionOverrun: milliseconds.default(defaultPolicy.sessionOverrun),
  decisionWithin: milliseconds.default(defaultPolicy.decisionWithin),
  declineGrace: milliseconds.default(defaultPolicy.declineGrace),
  reopenWithin: milliseconds.default(defaultPolicy.reopenWithin),
  noShow: z.enum(noShowPolicies).default(defaultPolicy.noShow),
  calendarMoves: z.enum(calendarMovePolicies).optional(),
  calendarReminders: storedCalendarRemindersSchema.optional(),
  meetingCheck: milliseconds.optional(),
});

const storedConflictRulesSchema = z.object({
  policy: z.enum(conflictPolicies).default(defaultConflictRules.policy),
  waitFor: milliseconds.default(defaultConflictRules.waitFor),
  tentative: z.enum(tentativeRules).default(defaultConflictRules.tentative),
  buffer: milliseconds.default(defaultConflictRules.buffer),
  calendarBuffer: milliseconds.default(defaultConflictRules.calendarBuffer),
  travel: milliseconds.default(defaultConflictRules.travel),
  blackouts: z.array(blackoutSchema.safeExtend({ zone: z.string() })).default([]),
});

/** Another version of the service may have stored settings that this one does not know. */
const storedSettingsSchema = z.object(meetingSettingsSchema.shape);

/** A plan as Temporal's history contains it. */
const storedPlanSchema = z.object({
  id: auditionIdSchema,
  organization: organizationIdSchema,
  project: z.object({ id: projectIdSchema, title: z.string() }),
  role: z.object({ id: roleIdSchema, name: z.string() }),
  round: z.enum(auditionRounds),
  wish: slotSpecSchema,
  participants: z.array(participantSchema),
  formerParticipants: z.array(participantSchema).optional(),
  meetingProviders: z.array(z.enum(meetingProviders)),
  meetingSettings: storedSettingsSchema.optional(),
  meetingSettingsOfRounds: z.partialRecord(z.enum(auditionRounds), storedSettingsSchema).optional(),
  meetingHost: meetingHostSchema.optional(),
  joinLinks: z.literal(true).optional(),
  backup: meetingBackupSchema.optional(),
  reminders: z.array(milliseconds),
  notes: z.string().optional(),
  policy: storedPolicySchema,
  conflicts: storedConflictRulesSchema.optional(),
  mayOverrideConflicts: z.boolean().optional(),
  correlationId: z.string(),
  principal: z.string().optional(),
  previous: auditionIdSchema.optional(),
});

/** Returns the plan, or undefined when the value is not one. */
export const parseStoredPlan = (value: unknown): AuditionPlan | undefined =>
  storedPlanSchema.safeParse(value).data;

/**
 * Returns a plan with what the read model knows. It has no names and no channels, so no participant can be notified.
 * Meeting, events and holds can be undone.
 */
export const planFromView = (view: AuditionView, correlationId: string): AuditionPlan => {
  const zone = view.participants[0]?.zone ?? 'UTC';
  const slot = view.slot ?? { start: view.requestedAt, end: view.requestedAt, zone };
  const { provider } = view.meeting ?? {};
  return {
    id: view.id,
    organization: view.organization,
    project: { id: view.project, title: view.project },
    role: { id: view.role, name: view.role },
    round: view.round,
    wish: { kind: 'fixed', slot },
    participants: view.participants.map(participantFromTrail),
    meetingProviders: provider === undefined || provider === 'manual' ? [] : [provider],
    ...(view.joinLinks ? { joinLinks: true as const } : {}),
    reminders: [],
    // Which reminders its events were written with is not known.
    policy: { ...defaultPolicy, calendarReminders: undefined },
    correlationId,
    ...(view.previous ? { previous: view.previous } : {}),
  };
};
