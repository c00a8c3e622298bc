/**
 * Changes auditions and calendars at random, on both sides: requests, moves, changes of the cast and cancellations through
 * the API, and moved, deleted, retitled and declined events and events of other programs in the calendars. Half of the
 * auditions are on days on which clocks change, in both hemispheres, and people move events in local times. Notifications are
 * lost, repeated, delayed and reordered, subscriptions end, are removed and must be authorized again, quotas end in the middle
 * of a listing, sync tokens expire, accounts are disconnected and connected again, and workers are killed. Two connections see
 * one calendar. Listings have pages of two events. Afterwards both sides must agree: each calendar has one event of each
 * audition that uses it, at its time, and no other.
 *
 * `npm run test:deep` runs more auditions and more steps.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditionView } from '../../domain/audition/view.ts';
import { type ConnectionId, connectionIdSchema } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { auditionWorkflowId, calendarSyncWorkflowId } from '../../domain/workflow-ids.ts';
import { planQuery } from '../../workflows/audition/messages.ts';
import { calendarNewsSignal, reconcileCalendarsUpdate } from '../../workflows/calendar-sync/messages.ts';
import { createApiClient, day, requestBody } from '../harness/api-client.ts';
import { type CaldavServer, hasCaldavServer, startCaldavServer } from '../harness/caldav-servers.ts';
import { caldavUser } from '../harness/caldav-user.ts';
import { type ChangingZone, changingZones, clockChangesOf } from '../harness/clock-changes.ts';
import { atDepth, seededRandom, testSeed } from '../harness/depth.ts';
import { createHttpBrowser } from '../harness/form-browser.ts';
import { connectToSandbox } from '../harness/google-sandbox.ts';
import { createPatientBackend } from '../harness/patient-backend.ts';
import {
  caldavCalendarOf,
  googleCalendarOf,
  outlookCalendarOf,
  type PersonsCalendar,
} from '../harness/people-calendars.ts';
import { noteProgress } from '../harness/progress.ts';
import { keys, organization, type ServiceUnderTest, startService } from '../harness/service.ts';
import type { WorkerProcess } from '../harness/worker-process.ts';

const auditions = atDepth(4, 24);
const steps = atDepth(16, 240);
const outlookAccounts = ['ada@contoso.example', 'bob@contoso.example'];
const googleAccounts = ['ada@performers.example', 'carl@directors.example', 'ann@agents.example'];
const hour = 3_600_000;
const random = seededRandom();
const below = (limit: number): number => Math.floor(random() * limit);
const pick = <Value>(values: readonly Value[]): Value | undefined => values[below(values.length)];

let service: ServiceUnderTest;
const servers: CaldavServer[] = [];
let worker: WorkerProcess;
/** The calendars by their names. */
const calendars = new Map<string, PersonsCalendar>();
const reference = (calendar: { readonly connection: string; readonly calendarId: string }) =>
  `${calendar.connection} ${calendar.calendarId}`;

/** The calendars by the references to them. Two connections can see one calendar. */
const calendarBehind = new Map<string, string>();

type Used = { readonly provider: string; readonly connection: string; readonly calendarId: string };
const choices: Used[] = [];
const use = (used: Used, calendar: PersonsCalendar): void => {
  choices.push(used);
  calendarBehind.set(reference(used), calendar.name);
  calendars.set(calendar.name, calendar);
};

const caldavPrograms = ['radicale', 'xandikos'] as const;

beforeAll(async () => {
  service = await startService({
    calendarSync: true,
    google: { eventsPerPage: 2, timeZone: 'Europe/Paris' },
    microsoft: { changesPerPage: 2, timeZone: 'Romance Standard Time' },
  });
  const { sandbox } = service;
  for (const account of [...googleAccounts, ...googleAccounts.slice(0, 1)]) {
    // The synchronisations of the service's own connections have the ids of those in other test files.
    const connection: ConnectionId = `conn_${randomUUID()}`;
    await connectGoogle(connection, account);
    googleConnections.push({ connection, account });
    use({ provider: 'google', connection, calendarId: 'primary' }, googleCalendarOf(sandbox, account));
  }
  for (const account of outlookAccounts) {
    const connection = await connectOutlook(account);
    use({ provider: 'microsoft', connection, calendarId: 'primary' }, outlookCalendarOf(sandbox, account));
  }
  for (const name of caldavPrograms.filter(hasCaldavServer)) {
    const server = await startCaldavServer(name);
    servers.push(server);
    const calendarId = await server.createCalendar('auditions');
    const connection = await connectCaldav(server);
    use({ provider: 'apple', connection, calendarId }, caldavCalendarOf(server, calendarId));
  }
  worker = await service.startWorker();
});
afterAll(async () => {
  await service.close();
  for (const server of servers) await server.close();
});

const googleConnections: { readonly connection: ConnectionId; readonly account: string }[] = [];
const connectGoogle = (id: ConnectionId, account: string) =>
  service.database.repositories.connections.put({
    id,
    account,
    organization,
    provider: 'google',
    refreshToken: `sandbox-refresh-${account}`,
  });

const connectOutlook = async (account: string): Promise<ConnectionId> => {
  const connected = await service.database.repositories.connections.connect({
    organization,
    owner: undefined,
    provider: 'microsoft',
    grant: {
      account: { id: `tenant-1.${account}`, name: account },
      scopes: ['Calendars.ReadWrite'],
      credential: { kind: 'oauth', refreshToken: `sandbox-refresh-${account}` },
    },
  });
  if (connected.kind !== 'connected') throw new Error(connected.kind);
  return connected.id;
};

const connectCaldav = async ({ name, url }: CaldavServer): Promise<string> => {
  const platform = createApiClient(service);
  const { body } = await platform.get(`/v1/connections/apple/authorize?owner=${name}`);
  const visitor = createHttpBrowser(service.url);
  const page = await visitor.open(String(Object(body).url));
  const { username, password } = caldavUser;
  await visitor.submit(page, { to: '/apple' }, { server: url, username, password });
  const listed = await platform.get(`/v1/connections?owner=${name}`);
  return String(Object(listed.body).items[0].id);
};

/** What the calendars must contain, and what they contain, each as `calendar audition start`. */
const compare = async (views: readonly AuditionView[]) => {
  const wanted: string[] = [];
  for (const { id, slot, state } of views) {
    if (!slot || state === 'closed') continue;
    const plan = await service.temporal.workflow.getHandle(auditionWorkflowId(id)).query(planQuery);
    // Two participants can use one calendar. It has one event.
    const used = new Set(
      plan.participants.flatMap(({ calendar }) =>
        calendar ? [calendarBehind.get(reference(calendar)) ?? reference(calendar)] : [],
      ),
    );
    wanted.push(...[...used].map((name) => `${name} ${id} ${slot.start}`));
  }
  const found: string[] = [];
  for (const [name, calendar] of calendars) {
    for (const { auditionId, start } of await calendar.events()) {
      found.push(`${name} ${auditionId} ${toInstant(start)}`);
    }
  }
  return { wanted: wanted.toSorted(), found: found.toSorted() };
};

/** Adds an event of another program in the time of a slot, and removes it again half of the time. */
const besideSlot = async (slot: AuditionView['slot']): Promise<void> => {
  const account = pick(googleAccounts);
  if (!slot || !account) return;
  const { start, end } = slot;
  const { eventId } = service.sandbox.control.addBusy({ account, start, end });
  if (random() < 0.5) return;
  await pause(below(1_500));
  const { calendar } = connectToSandbox(service.sandbox.url, account);
  // A quota that has ended concerns the owner as well: then the event stays.
  await calendar.events.delete({ calendarId: 'primary', eventId }).catch(() => undefined);
};

/** The times at which clocks change, from the next week on. A slot must begin within a year. */
const clockChanges = changingZones.flatMap(({ zone }: ChangingZone) =>
  clockChangesOf(zone, Date.now() + 7 * day, Date.now() + 350 * day),
);

/** Returns when the n-th audition begins, in milliseconds from now. Every other one is in the hours around a clock change. */
const startsIn = (n: number): number => {
  const change = clockChanges[n % clockChanges.length];
  if (n % 2 === 0 || change === undefined) return (5 + n) * day;
  return change + ((Math.floor(n / 2) % 5) - 2) * hour - Date.now();
};

/** Changes an event of ours in a calendar, as its owner does. */
const inCalendar = async (): Promise<void> => {
  const calendar = pick([...calendars.values()]);
  const event = pick((await calendar?.events()) ?? []);
  if (!calendar || !event) return;
  const { id, start } = event;
  const moved = start + (below(9) - 4) * (hour / 2);
  const changes = [
    () => calendar.move(id, moved, moved + hour / 2),
    () => calendar.move(id, moved, moved + hour / 2, pick(changingZones)),
    () => calendar.remove(id),
    () => calendar.retitle(id, 'My big day'),
    () => calendar.decline?.(id),
  ];
  // The audition can have removed the event meanwhile.
  await Promise.resolve(pick(changes)?.()).catch(() => undefined);
};

for (const name of caldavPrograms) {
  it.skipIf(!hasCaldavServer(name))(
    `the random changes include a calendar of ${name} (server of tests/harness/caldav-servers.ts)`,
    () => {
      expect(servers.map((server) => server.name)).toContain(name);
    },
  );
}

it(`calendars and auditions agree after ${steps} random changes (TEST_SEED=${testSeed})`, {
  timeout: atDepth(240_000, 1_800_000),
}, async () => {
  const platform = createApiClient(service);
  const backend = createPatientBackend(service.url);
  const { control } = service.sandbox;
  const ids: string[] = [];

  let requests = 0;
  const request = async (): Promise<void> => {
    requests += 1;
    const body = requestBody(requests, startsIn(requests));
    const [performer, director, ...others] = body.participants;
    const calendar = pick(choices);
    const answer = await backend.post('/v1/auditions', {
      ...body,
      participants: [{ ...performer, calendar }, { ...director, calendar: choices[1] }, ...others],
    });
    const { id } = Object(answer.body);
    // An event of a calendar can be in the way.
    if (id !== undefined) ids.push(String(id));
  };
  const onOurSide = [
    async (id: string) => {
      const { slot } = await platform.view(id);
      if (!slot) return;
      const start = toEpochMs(slot.start) + (below(5) - 2) * 2 * hour;
      await backend.post(`/v1/auditions/${id}/reschedule`, {
        slot: { start: toInstant(start), end: toInstant(start + hour / 2), zone: slot.zone },
      });
    },
    async (id: string) => {
      const agent = {
        id: 'agent',
        kind: 'agent',
        name: 'Ann Agent',
        email: 'ann@agents.example',
        zone: 'Europe/Paris',
        channels: ['email'],
        required: false,
        calendar: pick(choices),
      };
      await backend.post(`/v1/auditions/${id}/participants`, agent);
    },
    async (id: string) => void (await backend.delete(`/v1/auditions/${id}/participants/agent`)),
    async (id: string) => {
      if (random() < 0.4) await backend.post(`/v1/auditions/${id}/cancel`, { reason: 'The role was cast.' });
    },
  ];
  const disturb = [
    () => control.setFault('google', { kind: 'outage', operation: 'channel.notify', times: 2 }),
    () => control.setFault('microsoft', { kind: 'outage', operation: 'subscription.notify', times: 2 }),
    () =>
      control.setFault('google', {
        kind: 'latency',
        operation: 'channel.notify',
        latencyMs: 1_500,
        times: 2,
      }),
    ...(['google', 'microsoft'] as const).flatMap((vendor) => {
      const operation = vendor === 'google' ? 'channel.notify' : 'subscription.notify';
      return [
        () => control.setFault(vendor, { kind: 'duplicate', operation, copies: 3, times: 3 }),
        () => control.setFault(vendor, { kind: 'reorder', operation, count: 3, withinMs: 2_000, times: 6 }),
        () => control.expireSubscriptions(vendor),
      ];
    }),
    // The quota ends after the first page of a listing, or before a write.
    () =>
      control.setFault('google', {
        kind: 'rate_limit',
        operation: 'events.list',
        after: 1,
        times: 2,
        status: 403,
        reason: 'userRateLimitExceeded',
        retryAfterSeconds: null,
      }),
    () =>
      control.setFault('google', {
        kind: 'rate_limit',
        operation: pick(['events.insert', 'events.update', 'events.delete']),
        times: 2,
        status: 403,
        reason: 'rateLimitExceeded',
        retryAfterSeconds: null,
      }),
    () =>
      control.setFault('microsoft', {
        kind: 'rate_limit',
        operation: pick(['calendarView.delta', 'events.get', 'events.update', 'events.create']),
        after: 1,
        times: 2,
        retryAfterSeconds: 1,
      }),
    async () => {
      const events = ['missed', 'reauthorizationRequired', 'subscriptionRemoved'] as const;
      const event = pick(events) ?? 'missed';
      for (const account of outlookAccounts) await control.sendLifecycleEvent({ account, event });
    },
    () => control.setFault('microsoft', { kind: 'outage', operation: 'subscription.lifecycle', times: 1 }),
    () => control.setFault('google', { kind: 'lost_answer', operation: 'events.insert', times: 1 }),
    () => control.setFault('google', { kind: 'lost_answer', operation: 'events.update', times: 1 }),
    () => control.setFault('microsoft', { kind: 'lost_answer', operation: 'events.create', times: 1 }),
    () => control.expireSyncTokens(),
    () => control.expireDeltaLinks(),
    async () => {
      // Notifications that arrive twice, and without a change.
      const connection = pick(choices)?.connection ?? '';
      const handle = service.temporal.workflow.getHandle(
        calendarSyncWorkflowId(connectionIdSchema.parse(connection)),
      );
      for (const what of ['changed', 'changed', 'missed'] as const) {
        await handle.signal(calendarNewsSignal, { what }).catch(() => undefined);
      }
    },
    async () => {
      const { repositories } = service.database;
      const { connection, account } = pick(googleConnections) ?? {};
      if (!connection || !account) return;
      await repositories.connections.disconnect(organization, connection);
      await pause(below(1_500));
      await connectGoogle(connection, account);
    },
    () =>
      service.database.repositories.watchSubscriptions.markAllLost(
        connectionIdSchema.parse(pick(choices)?.connection),
      ),
  ];
  const killWorker = async (): Promise<void> => {
    await worker.kill();
    await pause(below(1_500));
    worker = await service.startWorker();
  };
  /** Both sides change the same time of the same audition. */
  const collide = async (): Promise<void> => {
    await Promise.all([inCalendar(), onOurSide[0]?.(pick(ids) ?? ''), inCalendar()]);
  };

  for (let step = 0; step < steps; step += 1) {
    noteProgress(`step ${step + 1} of ${steps}`);
    const dice = random();
    if (ids.length === 0 || (ids.length < auditions && dice < 0.25)) await request();
    else if (dice < 0.42) await pick(onOurSide)?.(pick(ids) ?? '');
    else if (dice < 0.6) await inCalendar();
    else if (dice < 0.66) await collide();
    else if (dice < 0.7) await killWorker();
    else if (dice < 0.74) await besideSlot((await platform.view(pick(ids) ?? '')).slot);
    else await Promise.resolve(pick(disturb)?.());
    if (random() < 0.8) await pause(below(1_000));
  }
  const { google, microsoft } = control.state().calls;
  noteProgress(`calls ${JSON.stringify({ google, microsoft })}`);
  control.clearFaults();

  /** Reads everything again and repairs, as the daily reconciliation does. */
  const reconcileAll = async (isDryRun: boolean) => {
    const findings: unknown[] = [];
    const connections = new Set(choices.map(({ connection }) => connectionIdSchema.parse(connection)));
    for (const connection of connections) {
      const handle = service.temporal.workflow.getHandle(calendarSyncWorkflowId(connection));
      const result = await handle
        .executeUpdate(reconcileCalendarsUpdate, { args: [{ isDryRun }] })
        .catch(() => undefined);
      if (result?.kind === 'reconciled') findings.push(...result.findings);
      if (result) await handle.signal(calendarNewsSignal, { what: 'changed' }).catch(() => undefined);
    }
    return findings;
  };
  /** The casting office answers all questions, so that what a person has changed is followed or undone. */
  const answerQuestions = async (views: readonly AuditionView[]) => {
    for (const { attention } of views) {
      for (const { id, actions } of attention) {
        const action =
          actions.includes('follow') && random() < 0.5
            ? 'follow'
            : actions.find((one) => one === 'restore' || one === 'retry' || one === 'ignore');
        await platform.post(
          `/v1/attention/${id}/resolve`,
          { action: action ?? actions[0] },
          { key: keys.operator },
        );
      }
    }
  };

  const viewAll = () => Promise.all(ids.map((id) => platform.view(id)));
  let last = await compare(await viewAll());
  const until = Date.now() + atDepth(120_000, 600_000);
  for (let quiet = 0; quiet < 2; ) {
    await reconcileAll(false);
    await pause(1_500);
    const views = await viewAll();
    await answerQuestions(views);
    last = await compare(views);
    const agrees =
      String(last.found) === String(last.wanted) && views.every(({ attention }) => attention.length === 0);
    quiet = agrees ? quiet + 1 : 0;
    if (Date.now() > until) break;
  }
  expect(last.found).toEqual(last.wanted);
  expect(await reconcileAll(true)).toEqual([]);
  expect(backend.surprises).toEqual([]);
  const { rows } = await service.database.pool.query(
    'SELECT event_id FROM synced_events GROUP BY connection, calendar, event_id HAVING count(*) > 1',
  );
  expect(rows).toEqual([]);
});
