/** Measures how long a change in a calendar takes to reach the audition, through a pushed notification. */
import { setTimeout as pause } from 'node:timers/promises';
import { auditionIdSchema } from '../../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../../domain/time/epoch.ts';
import { calendarSyncWorkflowId } from '../../../domain/workflow-ids.ts';
import { calendarSyncQuery } from '../../../workflows/calendar-sync/messages.ts';
import { createApiClient, day, requestBody } from '../../harness/api-client.ts';
import { connectToSandbox } from '../../harness/google-sandbox.ts';
import { organization, type ServiceUnderTest, sandboxAccounts } from '../../harness/service.ts';
import { type Spread, spreadOf } from '../statistics.ts';

export interface LatencyFigures {
  /** Milliseconds. */
  readonly latency: Spread;
  readonly targetMs: number;
  readonly isMet: boolean;
}

const targetMs = 2_000;
const hour = 3_600_000;
const pollMs = 10;
const withinMs = 30_000;

export const describeLatency = (rounds: number): string =>
  `
A person moves the event of an audition at the sandbox, which pushes a notification. Measured until the question to the
casting office is in the read model: ${rounds} moves after 1 warm-up.`.trim();

/** The service must synchronize calendars. */
export const measureLatency = async (service: ServiceUnderTest, rounds: number): Promise<LatencyFigures> => {
  await service.startWorker();
  const platform = createApiClient(service);
  const { id, slot } = await platform.request(requestBody(1, 10 * day));
  const auditionId = auditionIdSchema.parse(id);
  const written = await platform.untilNotified(id);
  const eventId = written.calendarEvents[0]?.eventId ?? '';
  const start = toEpochMs(slot?.start ?? written.updatedAt);
  const sync = service.temporal.workflow.getHandle(calendarSyncWorkflowId('conn_performer'));
  await until(async () => {
    const view = await sync.query(calendarSyncQuery).catch(() => undefined);
    return view?.status === 'in_sync';
  });
  const { calendar } = connectToSandbox(service.sandbox.url, sandboxAccounts.conn_performer);
  const measured: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    // The notifications of the move before are handled.
    await pause(3_000);
    const at = start + hour + round * 60_000;
    const began = performance.now();
    await calendar.events.patch({
      calendarId: 'primary',
      eventId,
      requestBody: {
        start: { dateTime: toInstant(at) },
        end: { dateTime: toInstant(at + hour / 2) },
      },
    });
    await until(async () => {
      const view = await service.database.repositories.auditions.get(organization, auditionId);
      return view?.attention.some(({ what }) => what.includes(toInstant(at))) === true;
    });
    if (round > 0) measured.push(performance.now() - began);
  }
  const latency = spreadOf(measured);
  return { latency, targetMs, isMet: latency.most < targetMs };
};

const until = async (isDone: () => Promise<boolean>): Promise<void> => {
  for (const began = performance.now(); !(await isDone()); await pause(pollMs)) {
    if (performance.now() - began > withinMs) throw new Error(`not within ${withinMs} ms`);
  }
};
