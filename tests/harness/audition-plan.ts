/** Builds valid audition plans for tests; a test changes only the parts it is about. */
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { auditionRequestSchema, type Participant, participantSchema } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { participantIdSchema, projectIdSchema, roleIdSchema } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';

const hour = 3_600_000;

export const participantId = (id: string) => participantIdSchema.parse(id);

export const performer: Participant = participantSchema.parse({
  id: 'performer-1',
  kind: 'performer',
  name: 'Ada Example',
  email: 'ada@example.com',
  phone: '+33612345678',
  zone: 'Europe/Paris',
  locale: 'en',
  channels: ['email', 'sms'],
  calendar: { provider: 'google', connection: 'conn_performer', calendarId: 'primary' },
});

export const castingDirector: Participant = participantSchema.parse({
  id: 'director-1',
  kind: 'casting_director',
  name: 'Carl Director',
  email: 'carl@example.com',
  zone: 'America/New_York',
  locale: 'en',
  channels: ['email'],
  calendar: { provider: 'google', connection: 'conn_office', calendarId: 'primary' },
});

const reader: Participant = participantSchema.parse({
  id: 'reader-1',
  kind: 'reader',
  name: 'Rita Reader',
  email: 'rita@example.com',
  zone: 'Europe/London',
  locale: 'en',
  channels: ['email'],
  required: false,
});

/** A reader who gets emails, and has agreed to text messages when these fail. */
export const readerWithFallback: Participant = participantSchema.parse({
  id: 'reader-1',
  kind: 'reader',
  name: 'Rita Reader',
  email: 'rita@example.com',
  phone: '+33612345679',
  zone: 'Europe/London',
  channels: ['email'],
  fallbackChannels: ['sms'],
  required: false,
});

/** Returns a slot of half an hour that begins `hours` after `now` (epoch milliseconds). */
export const slotIn = (hours: number, now: number): Slot => {
  const start = now + hours * hour;
  return { start: toInstant(start), end: toInstant(start + hour / 2), zone: 'Europe/Paris' };
};

/** Returns a plan whose slot begins 72 hours after `now` (epoch milliseconds). */
export const auditionPlan = (now: number, changes: Partial<AuditionPlan> = {}): AuditionPlan => ({
  id: `aud_${crypto.randomUUID().replaceAll('-', '')}`,
  organization: 'org_test',
  project: { id: projectIdSchema.parse('project-1'), title: 'The Tempest' },
  role: { id: roleIdSchema.parse('role-1'), name: 'Miranda' },
  round: 'first',
  wish: { kind: 'fixed', slot: slotIn(72, now) },
  participants: [performer, castingDirector, reader],
  meetingProviders: ['zoom', 'google_meet'],
  reminders: auditionRequestSchema.shape.reminders
    .parse(undefined)
    .map((text) => (text === 'PT24H' ? 24 * hour : hour)),
  policy: defaultPolicy,
  correlationId: 'test',
  ...changes,
});
