/** Builds the request for the demo's audition, which is short enough to watch completely. */
import { type AuditionRequest, auditionRequestSchema } from '../../../domain/audition/request.ts';
import { localConnections } from '../local-organization.ts';

/** Times in milliseconds. `untilStart` must leave time for the invitations, an answer and both reminders. */
export interface DemoTimes {
  readonly untilStart: number;
  readonly length: number;
  readonly reminders: readonly string[];
}

export const performer = { id: 'ada-performer', email: localConnections.conn_performer } as const;
export const castingDirector = { id: 'cleo-casting-director' } as const;

const zone = 'Europe/Paris';

/**
 * Returns the request.
 *
 * @throws {z.ZodError} when this file no longer matches the contract.
 */
export const demoAudition = (now: Date, times: DemoTimes): AuditionRequest => {
  const start = new Date(now.getTime() + times.untilStart);
  return auditionRequestSchema.parse({
    project: { id: 'night-ferry', title: 'Night Ferry' },
    role: { id: 'captain', name: 'The Captain' },
    slot: {
      start: start.toISOString(),
      end: new Date(start.getTime() + times.length).toISOString(),
      zone,
    },
    participants: [
      {
        ...performer,
        kind: 'performer',
        name: 'Ada Performer',
        phone: '+33612345678',
        zone,
        channels: ['email', 'sms'],
        calendar: { provider: 'google', connection: 'conn_performer', calendarId: 'primary' },
      },
      {
        ...castingDirector,
        kind: 'casting_director',
        name: 'Cleo Director',
        email: localConnections.conn_casting_director,
        zone,
        channels: ['email'],
        calendar: { provider: 'google', connection: 'conn_casting_director', calendarId: 'primary' },
      },
      {
        id: 'rob-reader',
        kind: 'reader',
        name: 'Rob Reader',
        email: localConnections.conn_reader,
        zone: 'America/New_York',
        channels: ['email'],
        required: false,
      },
    ],
    meeting: { providers: ['zoom', 'google_meet'] },
    reminders: [...times.reminders],
    notes: 'Please have pages 3 to 5 ready.',
    // A real audition uses minutes and days.
    policy: {
      stepPatience: 'PT6S',
      meetingPatience: 'PT4S',
      attentionSla: 'PT1M',
      noShowGrace: 'PT1M',
      sessionOverrun: 'PT1S',
    },
  } satisfies Parameters<typeof auditionRequestSchema.parse>[0]);
};
