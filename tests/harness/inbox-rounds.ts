/** Runs rounds of the inbox relay on a real inbox, with a fake Temporal. */
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import type { AuditionRuns } from '../../activities/reconciliation/audition-runs.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import { createReplyAddresses } from '../../foundation/links/reply-address.ts';
import { deliver } from '../../workers/inbox/deliver.ts';
import { createInboxRound } from '../../workers/inbox/inbox-round.ts';
import { deliverPresenceTogether } from '../../workers/inbox/presence.ts';
import type { WorkflowSignals } from '../../workers/inbox/workflow-signals.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export const notStopping = new AbortController().signal;

const rowSchema = z.object({
  id: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  attempts: z.int(),
  inSeconds: z.int(),
});

/** The reply addresses of the service in these tests. */
export const replyAddresses = createReplyAddresses([{ key: Buffer.alloc(32, 7) }], 'replies@in.example.com');

/** Call it at the top of a test file. Returns a function that sets up an empty inbox and its rounds for one test. */
export const useInboxRounds = () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  return async (
    answer: () => Promise<'signaled' | 'not_running'> = async () => 'signaled',
    presentPlan: AuditionRuns['presentPlan'] = async () => undefined,
  ) => {
    const { repositories, pool } = database;
    await pool.query('TRUNCATE webhook_inbox, deliveries');
    const signals: unknown[] = [];
    const workflowSignals: WorkflowSignals = {
      signalAudition: (id, signal) => {
        signals.push({ id, ...signal });
        return answer();
      },
      signalCalendarSync: (id, notification) => {
        signals.push({ id, ...notification });
        return answer();
      },
      reportRecording: async (input, report) => {
        await answer();
        signals.push({ ...input, ...report });
      },
    };
    const counted: unknown[] = [];
    const metrics = { deliveryReported: (reported: unknown) => counted.push(reported) };
    const logged: string[] = [];
    const told: unknown[] = [];
    const log = (_fields: unknown, message?: string) => logged.push(String(message));
    const round = createInboxRound({
      inbox: repositories.inbox,
      deliver: (event, webhook) =>
        deliver({ repositories, replyAddresses, workflowSignals, metrics }, event, webhook),
      deliverPresence: (received) =>
        deliverPresenceTogether({ repositories, workflowSignals, runs: { presentPlan } }, received),
      correlationIdsOf: (auditions) => repositories.inboxRouting.correlationIdsOf(auditions),
      logger: { info: (fields: unknown) => told.push(fields), warn: log, error: log },
    });
    let keys = 0;
    const receive = (event: InboxEvent) => {
      keys += 1;
      return repositories.inbox.receive({
        provider: 'zoom',
        dedupeKey: String(keys),
        correlationId: 'call-1',
        ...event,
      });
    };
    const makeDue = () =>
      pool.query("UPDATE webhook_inbox SET next_attempt_at = now() - interval '1 second'");
    const rows = async () => {
      const { rows: found } = await pool.query(
        `SELECT id, state, reason, attempts,
          round(extract(epoch FROM next_attempt_at - now()))::int AS "inSeconds" FROM webhook_inbox`,
      );
      return rowSchema.array().parse(found);
    };
    return { repositories, pool, round, receive, makeDue, rows, signals, counted, logged };
  };
};

/** Returns a report about a text message, or about another message with `changes`. */
export const statusReport = (
  of?: { readonly audition: string; readonly participant: string },
  changes: object = {},
): InboxEvent => {
  const event = { deliveryId: 'SM1', channel: 'sms', status: 'failed', code: '30003', ...(of && { of }) };
  return Object({ kind: 'message.status', event: { ...event, ...changes } });
};

export const ofAda = { audition: 'aud_1', participant: 'ada' } as const;
