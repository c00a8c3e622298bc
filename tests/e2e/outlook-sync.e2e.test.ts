/** Tests what people do in their Outlook calendars, and what Graph does with its notifications and links. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionView } from '../../domain/audition/view.ts';
import { auditionIdSchema, type ConnectionId } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { calendarSyncWorkflowId } from '../../domain/workflow-ids.ts';
import { calendarSyncQuery } from '../../workflows/calendar-sync/messages.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { eventually } from '../harness/eventually.ts';
import { connectToMailbox } from '../harness/outlook-mailbox.ts';
import { organization, type ServiceUnderTest, startService } from '../harness/service.ts';
import type { WorkerProcess } from '../harness/worker-process.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
let worker: WorkerProcess;
let connection: ConnectionId;
let mailbox: ReturnType<typeof connectToMailbox>;

const account = 'ada@contoso.example';
const hour = 3_600_000;

beforeAll(async () => {
  service = await startService({ calendarSync: true });
  platform = createApiClient(service);
  connection = await connectOutlook();
  mailbox = connectToMailbox(service.sandbox, account);
  worker = await service.startWorker();
});
afterEach(() => service.sandbox.control.clearFaults());
afterAll(() => service.close());

/** Connects the account with the identity that Microsoft gives it: it differs from the address. */
const connectOutlook = async (): Promise<ConnectionId> => {
  const connected = await service.database.repositories.connections.connect({
    organization,
    owner: undefined,
    provider: 'microsoft',
    grant: {
      account: { id: 'tenant-1.object-1', name: account },
      scopes: ['Calendars.ReadWrite'],
      credential: { kind: 'oauth', refreshToken: `sandbox-refresh-${account}` },
    },
  });
  if (connected.kind !== 'connected') throw new Error(connected.kind);
  return connected.id;
};

let used = 0;
/**
 * Requests an audition on a day of its own with a performer who uses Outlook, and waits for the synchronisation. The others
 * have no calendar: the synchronisations of their connections would have the ids of those in other test files.
 */
const schedule = async () => {
  used += 1;
  const body = requestBody(used, (5 + used) * day);
  const calendar = { provider: 'microsoft', connection, calendarId: 'primary' };
  const participants = body.participants.map(({ calendar: _google, ...participant }) =>
    participant.kind === 'performer' ? { ...participant, calendar } : participant,
  );
  const known = new Set(mailbox.shown().map(({ immutableId }) => immutableId));
  const { id } = await platform.request({ ...body, participants });
  const view = await platform.untilNotified(id);
  await eventually(async () => (await syncView())?.status === 'in_sync', 30_000);
  const eventId = mailbox.shown().find(({ immutableId }) => !known.has(immutableId))?.immutableId ?? '';
  return { id, view, eventId, start: toEpochMs(view.slot?.start ?? view.updatedAt) };
};

const syncView = () =>
  service.temporal.workflow
    .getHandle(calendarSyncWorkflowId(connection))
    .query(calendarSyncQuery)
    .catch(() => undefined);

const rounds = async () => (await syncView())?.rounds;

/** Waits until a change made now would have been read: the notifications are delivered, and no round is due. */
const untilQuiet = async () => {
  for (let before = await rounds(), quiet = 0; quiet < 3; ) {
    await pause(700);
    const now = await rounds();
    quiet = now === before ? quiet + 1 : 0;
    before = now;
  }
};

const openItems = ({ attention }: AuditionView) => attention.map(({ step }) => step);
const changesOf = async (id: string) =>
  (
    await service.database.repositories.events.read(organization, auditionIdSchema.parse(id), {
      after: 0,
      limit: 500,
    })
  ).flatMap(({ fact }) => (fact.type === 'calendar_changed' ? [fact.change] : []));
const calls = (operation: string): number =>
  Object.values(service.sandbox.control.state().calls.microsoft[operation] ?? {}).reduce((a, b) => a + b, 0);
const subscriptionIds = () => service.sandbox.control.state().microsoft.subscriptions.map(({ id }) => id);

describe('an event of an audition in Outlook', () => {
  it('raises no question when the audition itself moves and a person edits the title', async () => {
    const { id, eventId, start } = await schedule();
    const slot = {
      start: toInstant(start + 2 * hour),
      end: toInstant(start + 2.5 * hour),
      zone: 'Europe/Paris',
    };
    await platform.command(id, 'reschedule', { slot });
    await platform.untilNotified(id);
    await mailbox.retitle(eventId, 'My big day');
    await untilQuiet();
    expect(openItems(await platform.view(id))).toEqual([]);
    expect(await changesOf(id)).toEqual(['text_edited']);
    expect(mailbox.startOf(eventId)).toBe(start + 2 * hour);
  });

  it('leads to a question when the performer moves it, and the audition follows', async () => {
    const { id, eventId, start } = await schedule();
    await untilQuiet();
    await mailbox.move(eventId, start + hour, start + 1.5 * hour);
    const asked = await platform.until(id, (view) => openItems(view).includes('calendar_change'));
    const [item] = asked.attention;
    expect(item).toMatchObject({ actions: ['follow', 'restore', 'ignore'], provider: 'microsoft' });
    await platform.resolve(item?.id ?? '', { action: 'follow' });
    await platform.until(id, ({ revision, state }) => revision === 2 && state === 'scheduled');
    await untilQuiet();
    const after = await platform.view(id);
    expect([after.revision, after.slot?.start, openItems(after)]).toEqual([2, toInstant(start + hour), []]);
    expect(mailbox.startOf(eventId)).toBe(start + hour);
    expect(await changesOf(id)).toEqual(['moved']);
  });

  it('takes the answer of the performer, once for each time that it is given', async () => {
    const { id, eventId, start } = await schedule();
    const answerIs = (answer: string) =>
      platform.until(id, ({ participants }) =>
        participants.some((participant) => participant.kind === 'performer' && participant.answer === answer),
      );
    service.sandbox.control.answerOutlookEvent({ account, eventId, response: 'accepted' });
    await answerIs('accepted');
    const slot = {
      start: toInstant(start + 2 * hour),
      end: toInstant(start + 2.5 * hour),
      zone: 'Europe/Paris',
    };
    await platform.command(id, 'reschedule', { slot });
    await platform.untilNotified(id);
    await untilQuiet();
    // Outlook keeps the answer to the earlier time.
    await answerIs('none');
    service.sandbox.control.answerOutlookEvent({ account, eventId, response: 'tentativelyAccepted' });
    await answerIs('tentative');
    expect(openItems(await platform.view(id))).toEqual([]);
  });

  it('is written again after a deletion when the casting office says so', async () => {
    const { id, eventId, start } = await schedule();
    await mailbox.remove(eventId);
    const asked = await platform.until(id, (view) => openItems(view).includes('calendar_change'));
    expect(asked.attention[0]).toMatchObject({ actions: ['restore', 'ignore'] });
    await platform.resolve(asked.attention[0]?.id ?? '', { action: 'restore' });
    const isAt = ({ start: time }: { readonly start: { readonly dateTime: string } }) =>
      Date.parse(`${time.dateTime}Z`) === start;
    await eventually(() => mailbox.shown().some(isAt), 20_000);
    await untilQuiet();
    const after = await platform.view(id);
    expect([after.revision, openItems(after)]).toEqual([1, []]);
    expect(mailbox.shown().filter(isAt)).toHaveLength(1);
  });

  it('raises a question about another event in its time, which is withdrawn when that event is gone', async () => {
    const { id, start } = await schedule();
    const { eventId } = service.sandbox.control.addOutlookEvent({
      account,
      start: toInstant(start + 0.25 * hour),
      end: toInstant(start + hour),
    });
    await platform.until(id, (view) => openItems(view).includes('calendar_conflict'));
    await mailbox.remove(eventId);
    await platform.until(id, (view) => openItems(view).length === 0);
    expect(await changesOf(id)).toEqual(['conflict', 'conflict_over']);
  });
});

describe('the synchronisation of an Outlook calendar', () => {
  it('finds a change whose notification was lost after a restart of the worker, with expired links, once', async () => {
    const { id, eventId, start } = await schedule();
    await worker.kill();
    const { control } = service.sandbox;
    await mailbox.move(eventId, start + hour, start + 1.5 * hour);
    control.setFault('microsoft', { kind: 'outage', operation: 'subscription.notify' });
    await mailbox.move(eventId, start + 2 * hour, start + 2.5 * hour);
    control.expireDeltaLinks();
    worker = await service.startWorker();
    const asked = await platform.until(id, ({ attention }) =>
      attention.some(({ what }) => what.includes(toInstant(start + 2 * hour))),
    );
    expect(openItems(asked)).toEqual(['calendar_change']);
    expect(await changesOf(id)).toEqual(['moved']);
    const { rows } = await service.database.pool.query(
      'SELECT event_id FROM synced_events GROUP BY connection, event_id HAVING count(*) > 1',
    );
    expect(rows).toEqual([]);
  });

  it('extends a subscription that Graph wants to be authorized again', async () => {
    const { id, eventId, start } = await schedule();
    const before = subscriptionIds();
    const extended = calls('subscriptions.update');
    await service.sandbox.control.sendLifecycleEvent({ account, event: 'reauthorizationRequired' });
    await eventually(() => calls('subscriptions.update') > extended, 20_000);
    await untilQuiet();
    expect(subscriptionIds()).toEqual(before);
    await mailbox.move(eventId, start + hour, start + 1.5 * hour);
    await platform.until(id, (view) => openItems(view).includes('calendar_change'));
  });

  it('opens another subscription after Graph has removed one, and finds what changed meanwhile', async () => {
    const { id, eventId, start } = await schedule();
    await untilQuiet();
    const [before] = subscriptionIds();
    service.sandbox.control.setFault('microsoft', {
      kind: 'outage',
      operation: 'subscription.notify',
      times: 1,
    });
    await mailbox.move(eventId, start + hour, start + 1.5 * hour);
    await service.sandbox.control.sendLifecycleEvent({ account, event: 'subscriptionRemoved' });
    await platform.until(id, (view) => openItems(view).includes('calendar_change'));
    const after = subscriptionIds();
    expect(after).toHaveLength(1);
    expect(after).not.toContain(before);
  });

  it('reads the calendar after Graph reports missed notifications', async () => {
    const { id, eventId, start } = await schedule();
    await untilQuiet();
    service.sandbox.control.setFault('microsoft', {
      kind: 'outage',
      operation: 'subscription.notify',
      times: 1,
    });
    await mailbox.move(eventId, start + hour, start + 1.5 * hour);
    await service.sandbox.control.sendLifecycleEvent({ account, event: 'missed' });
    await platform.until(id, (view) => openItems(view).includes('calendar_change'));
    expect(await changesOf(id)).toEqual(['moved']);
  });
});
