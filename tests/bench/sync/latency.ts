/** Measures how long a change in a calendar takes to reach the audition, through a pushed notification of each vendor. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AuditionView } from '../../../domain/audition/view.ts';
import { auditionIdSchema, type ConnectionId } from '../../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../../domain/time/epoch.ts';
import { calendarSyncWorkflowId } from '../../../domain/workflow-ids.ts';
import { calendarSyncQuery } from '../../../workflows/calendar-sync/messages.ts';
import { createApiClient, day, requestBody } from '../../harness/api-client.ts';
import { connectToSandbox } from '../../harness/google-sandbox.ts';
import { connectToMailbox } from '../../harness/outlook-mailbox.ts';
import { organization, type ServiceUnderTest, sandboxAccounts } from '../../harness/service.ts';
import { type Spread, spreadOf } from '../statistics.ts';

/** The vendors that push notifications. */
export const pushVendors = ['google', 'microsoft'] as const;
type PushVendor = (typeof pushVendors)[number];

export interface LatencyFigures {
  /** Milliseconds. */
  readonly latency: Readonly<Record<PushVendor, Spread>>;
  readonly targetMs: number;
  readonly isMet: Readonly<Record<PushVendor, boolean>>;
}

const targetMs = 2_000;
const hour = 3_600_000;
const pollMs = 10;
const withinMs = 30_000;

export const describeLatency = (rounds: number): string =>
  `
A person moves the event of an audition at the sandbox, which pushes a notification: of a watch channel of Google, and of a
Graph subscription. Measured until the question to the casting office is in the read model: ${rounds} moves after 1 warm-up, for each.`.trim();

/** The service must synchronize calendars. */
export const measureLatency = async (service: ServiceUnderTest, rounds: number): Promise<LatencyFigures> => {
  await service.startWorker();
  const latency = {
    google: await measureMoves(service, rounds, 1, googleCalendar(service)),
    microsoft: await measureMoves(service, rounds, 2, await outlookCalendar(service)),
  };
  const isMet = { google: latency.google.most < targetMs, microsoft: latency.microsoft.most < targetMs };
  return { latency, targetMs, isMet };
};

/** The calendar of the performer, and what the performer does with it. */
interface PerformersCalendar {
  readonly provider: PushVendor;
  readonly connection: ConnectionId;
  eventIdOf(written: AuditionView): string;
  move(eventId: string, start: number, end: number): Promise<unknown>;
}

const googleCalendar = ({ sandbox }: ServiceUnderTest): PerformersCalendar => {
  const { calendar } = connectToSandbox(sandbox.url, sandboxAccounts.conn_performer);
  return {
    provider: 'google',
    connection: 'conn_performer',
    eventIdOf: (written) => written.calendarEvents[0]?.eventId ?? '',
    move: (eventId, start, end) =>
      calendar.events.patch({
        calendarId: 'primary',
        eventId,
        requestBody: { start: { dateTime: toInstant(start) }, end: { dateTime: toInstant(end) } },
      }),
  };
};

const outlookCalendar = async ({ sandbox, database }: ServiceUnderTest): Promise<PerformersCalendar> => {
  const account = 'performer@contoso.example';
  const connected = await database.repositories.connections.connect({
    organization,
    owner: undefined,
    provider: 'microsoft',
    grant: {
      account: { id: 'tenant-1.performer-1', name: account },
      scopes: ['Calendars.ReadWrite'],
      credential: { kind: 'oauth', refreshToken: `sandbox-refresh-${account}` },
    },
  });
  if (connected.kind !== 'connected') throw new Error(connected.kind);
  const mailbox = connectToMailbox(sandbox, account);
  return {
    provider: 'microsoft',
    connection: connected.id,
    eventIdOf: () => mailbox.shown()[0]?.immutableId ?? '',
    move: mailbox.move,
  };
};

const measureMoves = async (
  service: ServiceUnderTest,
  rounds: number,
  number: number,
  calendar: PerformersCalendar,
): Promise<Spread> => {
  const { provider, connection } = calendar;
  const platform = createApiClient(service);
  const body = requestBody(number, (9 + number) * day);
  const participants = body.participants.map((participant) =>
    participant.kind === 'performer'
      ? { ...participant, calendar: { provider, connection, calendarId: 'primary' } }
      : participant,
  );
  const { id, slot } = await platform.request({ ...body, participants });
  const auditionId = auditionIdSchema.parse(id);
  const written = await platform.untilNotified(id);
  const eventId = calendar.eventIdOf(written);
  const start = toEpochMs(slot?.start ?? written.updatedAt);
  const sync = service.temporal.workflow.getHandle(calendarSyncWorkflowId(connection));
  await until(async () => {
    const view = await sync.query(calendarSyncQuery).catch(() => undefined);
    return view?.status === 'in_sync';
  });
  const measured: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    // The notifications of the move before are handled.
    await pause(3_000);
    const at = start + hour + round * 60_000;
    const began = performance.now();
    await calendar.move(eventId, at, at + hour / 2);
    await until(async () => {
      const view = await service.database.repositories.auditions.get(organization, auditionId);
      return view?.attention.some(({ what }) => what.includes(toInstant(at))) === true;
    });
    if (round > 0) measured.push(performance.now() - began);
  }
  return spreadOf(measured);
};

const until = async (isDone: () => Promise<boolean>): Promise<void> => {
  for (const began = performance.now(); !(await isDone()); await pause(pollMs)) {
    if (performance.now() - began > withinMs) throw new Error(`not within ${withinMs} ms`);
  }
};
