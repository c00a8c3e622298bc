/** Tests what people do in their calendars: they move, delete and add events while auditions are scheduled. */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AuditionView } from '../../domain/audition/view.ts';
import { auditionIdSchema } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { calendarSyncWorkflowId } from '../../domain/workflow-ids.ts';
import { calendarNewsSignal, calendarSyncQuery } from '../../workflows/calendar-sync/messages.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { eventually } from '../harness/eventually.ts';
import { connectToSandbox } from '../harness/google-sandbox.ts';
import { organization, type ServiceUnderTest, sandboxAccounts, startService } from '../harness/service.ts';
import type { WorkerProcess } from '../harness/worker-process.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
let worker: WorkerProcess;
beforeAll(async () => {
  service = await startService({ calendarSync: true });
  platform = createApiClient(service);
  worker = await service.startWorker();
});
afterEach(() => service.sandbox.control.clearFaults());
afterAll(() => service.close());

const hour = 3_600_000;
const performer = sandboxAccounts.conn_performer;
const director = sandboxAccounts.conn_director;

/** Returns the calendar as its owner uses it, and the events in it. */
const calendarOf = (account: string) => {
  const { calendar } = connectToSandbox(service.sandbox.url, account);
  const calendarId = 'primary';
  const events = () =>
    service.sandbox.control.state().google.calendars.find(({ id }) => id === account)?.events ?? [];
  return {
    find: (eventId: string) => events().find(({ id }) => id === eventId),
    move: (eventId: string, start: number, end: number) =>
      calendar.events.patch({
        calendarId,
        eventId,
        requestBody: {
          start: { dateTime: new Date(start).toISOString() },
          end: { dateTime: new Date(end).toISOString() },
        },
      }),
    remove: (eventId: string) => calendar.events.delete({ calendarId, eventId }),
    retitle: (eventId: string, summary: string) =>
      calendar.events.patch({ calendarId, eventId, requestBody: { summary } }),
  };
};

let used = 0;
/** Requests an audition on a day of its own, and waits until its calendars are synchronized. */
const schedule = async () => {
  used += 1;
  const { id } = await platform.request(requestBody(used, (5 + used) * day));
  const view = await platform.untilNotified(id);
  await Promise.all([untilSynced('conn_performer'), untilSynced('conn_director')]);
  const eventId = view.calendarEvents[0]?.eventId ?? '';
  const start = toEpochMs(view.slot?.start ?? view.updatedAt);
  return { id, view, eventId, start, performerId: `performer-${used}`, directorId: `director-${used}` };
};

const syncView = (connection: 'conn_performer' | 'conn_director') =>
  service.temporal.workflow.getHandle(calendarSyncWorkflowId(connection)).query(calendarSyncQuery);

const untilSynced = (connection: 'conn_performer' | 'conn_director') =>
  eventually(async () => {
    const { status } = await syncView(connection).catch(() => ({ status: 'starting' }));
    return status === 'in_sync';
  }, 30_000);

/** Returns how many rounds each synchronisation has run. */
const rounds = async () =>
  (await Promise.all([syncView('conn_performer'), syncView('conn_director')])).map(({ rounds: n }) => n);

/** Waits until a change made now would have been read: the notifications are delivered, and no round is due. */
const untilQuiet = async () => {
  for (let before = await rounds(), quiet = 0; quiet < 3; ) {
    await pause(700);
    const now = await rounds();
    quiet = String(now) === String(before) ? quiet + 1 : 0;
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

describe('an event of an audition', () => {
  it('that no person changes raises no question, however often the audition itself moves', async () => {
    const { id, start } = await schedule();
    const slot = {
      start: toInstant(start + 2 * hour),
      end: toInstant(start + 2.5 * hour),
      zone: 'Europe/Paris',
    };
    await platform.command(id, 'reschedule', { slot });
    await platform.untilNotified(id);
    await untilQuiet();
    expect(openItems(await platform.view(id))).toEqual([]);
    expect(await changesOf(id)).toEqual([]);
  });

  it('that the performer moves leads to a question long before the next poll, and to one move when it is followed', async () => {
    const { id, eventId, start, performerId } = await schedule();
    await untilQuiet();
    await calendarOf(performer).move(eventId, start + hour, start + 1.5 * hour);
    const asked = await platform.until(id, (view) => openItems(view).includes('calendar_change'));
    const [item] = asked.attention;
    expect(item).toMatchObject({ actions: ['follow', 'restore', 'ignore'], provider: 'google' });
    expect(item?.what).toContain(performerId);

    await platform.resolve(item?.id ?? '', { action: 'follow' });
    const moved = await platform.until(id, ({ revision, state }) => revision === 2 && state === 'scheduled');
    expect(moved.slot?.start).toBe(toInstant(start + hour));
    expect(openItems(moved)).toEqual([]);
    await untilQuiet();
    const after = await platform.view(id);
    expect([after.revision, openItems(after)]).toEqual([2, []]);
    for (const account of [performer, director]) {
      const event = calendarOf(account).find(eventId);
      expect(Date.parse(event?.start.dateTime ?? '')).toBe(start + hour);
    }
    expect(await changesOf(id)).toEqual(['moved']);
  });

  it('that is deleted is written again when the casting office says so', async () => {
    const { id, eventId, start } = await schedule();
    await calendarOf(director).remove(eventId);
    const asked = await platform.until(id, (view) => openItems(view).includes('calendar_change'));
    expect(asked.attention[0]).toMatchObject({ actions: ['restore', 'ignore'] });
    await platform.resolve(asked.attention[0]?.id ?? '', { action: 'restore' });
    await eventually(() => calendarOf(director).find(eventId)?.status === 'confirmed', 20_000);
    await untilQuiet();
    const after = await platform.view(id);
    expect([after.revision, openItems(after)]).toEqual([1, []]);
    expect(Date.parse(calendarOf(director).find(eventId)?.start.dateTime ?? '')).toBe(start);
  });

  it('that is moved back by the person withdraws the question, and an edited title raises none', async () => {
    const { id, eventId, start } = await schedule();
    await calendarOf(performer).retitle(eventId, 'My big day');
    await calendarOf(performer).move(eventId, start + hour, start + 2 * hour);
    await platform.until(id, (view) => openItems(view).includes('calendar_change'));
    await calendarOf(performer).move(eventId, start, start + hour / 2);
    await platform.until(id, (view) => openItems(view).length === 0);
    expect((await changesOf(id)).toSorted()).toEqual(['moved', 'put_back', 'text_edited']);
    expect(calendarOf(performer).find(eventId)?.summary).toBe('My big day');
  });
});

describe('another event in the time of the slot', () => {
  it('raises a question, which is withdrawn when that event is gone', async () => {
    const { id, start } = await schedule();
    const { eventId } = service.sandbox.control.addBusy({
      account: director,
      start: toInstant(start + 0.25 * hour),
      end: toInstant(start + hour),
    });
    const asked = await platform.until(id, (view) => openItems(view).includes('calendar_conflict'));
    expect(asked.attention[0]).toMatchObject({ actions: ['follow', 'ignore'] });
    await calendarOf(director).remove(eventId);
    await platform.until(id, (view) => openItems(view).length === 0);
    expect(await changesOf(id)).toEqual(['conflict', 'conflict_over']);
  });
});

describe('the synchronisation', () => {
  it('notices changes that were made while no worker ran, also when their push was lost', async () => {
    const { id, eventId, start } = await schedule();
    await worker.kill();
    const { control } = service.sandbox;
    await calendarOf(performer).move(eventId, start + hour, start + 1.5 * hour);
    control.setFault('google', { kind: 'outage', operation: 'channel.notify' });
    await calendarOf(performer).move(eventId, start + 2 * hour, start + 2.5 * hour);
    control.expireSyncTokens();
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

  it('continues as new without a gap', async () => {
    const { id, eventId, start } = await schedule();
    const handle = service.temporal.workflow.getHandle(calendarSyncWorkflowId('conn_performer'));
    const { runId: first } = await handle.describe();
    // Each notification is an event of the history, and a burst of them is one round.
    const burst = Array.from({ length: 40 });
    for (let sent = 0; sent < 20 && (await handle.describe()).runId === first; sent += 1) {
      const before = (await syncView('conn_performer')).rounds;
      await Promise.all(burst.map(() => handle.signal(calendarNewsSignal, { what: 'changed' })));
      await eventually(async () => (await syncView('conn_performer')).rounds > before, 20_000);
    }
    expect((await handle.describe()).runId).not.toBe(first);
    await calendarOf(performer).move(eventId, start + hour, start + 1.5 * hour);
    await platform.until(id, (view) => openItems(view).includes('calendar_change'));
  });
});

describe('ops calendars reconcile', () => {
  const program = fileURLToPath(new URL('../../infra/cli/ops.ts', import.meta.url));
  const reconcile = async (...options: readonly string[]) => {
    const { stdout, exitCode } = await execa(
      process.execPath,
      [program, 'calendars', 'reconcile', 'conn_performer', '--json', ...options],
      { env: service.env, extendEnv: false, reject: false },
    );
    const [{ result }] = reconciledSchema.parse(JSON.parse(stdout));
    return { exitCode, findings: result.findings.map(({ fault, repair }) => `${fault} ${repair}`) };
  };
  const reconciledSchema = z.tuple([
    z.object({
      result: z.object({ findings: z.array(z.object({ fault: z.string(), repair: z.string() })) }),
    }),
  ]);

  it('repeats a lost write and removes a leftover event; a dry run only prints them', async () => {
    const { id, eventId } = await schedule();
    const cancelled = await schedule();
    await platform.command(cancelled.id, 'cancel', { reason: 'The role was cast.' });
    await platform.until(cancelled.id, ({ state }) => state === 'closed');
    const calendar = calendarOf(performer);
    await eventually(() => calendar.find(cancelled.eventId)?.status === 'cancelled', 20_000);
    await untilQuiet();

    // A late effect: the event is there again. And a calendar that has never had what it confirmed.
    const { calendar: owner } = connectToSandbox(service.sandbox.url, performer);
    // No notification: a list of changes would contain the deletion, and so prove that the event was there.
    service.sandbox.control.setFault('google', { kind: 'outage', operation: 'channel.notify' });
    const requestBody = { status: 'confirmed' };
    await owner.events.patch({ calendarId: 'primary', eventId: cancelled.eventId, requestBody });
    await owner.events.delete({ calendarId: 'primary', eventId });
    await service.database.pool.query(
      'UPDATE synced_events SET read_at = NULL, read_revision = NULL WHERE connection = $1 AND audition_id = $2',
      ['conn_performer', id],
    );

    const found = ['write_lost rewritten', 'event_orphaned removed'];
    const dry = await reconcile('--dry-run');
    expect(dry.findings).toEqual(expect.arrayContaining(found));
    expect(calendar.find(cancelled.eventId)?.status).toBe('confirmed');
    const real = await reconcile();
    expect(real).toMatchObject({ exitCode: 0, findings: expect.arrayContaining(found) });
    await eventually(() => calendar.find(eventId)?.status === 'confirmed', 20_000);
    expect(calendar.find(cancelled.eventId)?.status).toBe('cancelled');
    service.sandbox.control.clearFaults();
    await untilQuiet();
    expect(openItems(await platform.view(id))).toEqual([]);
    expect((await reconcile()).findings).not.toEqual(expect.arrayContaining(['write_lost rewritten']));
    expect(await changesOf(id)).toEqual(['lost']);
  });
});
