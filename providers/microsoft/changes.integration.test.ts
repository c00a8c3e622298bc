import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { eventId, slot } from '../../tests/harness/google-calendar.ts';
import { outlookDeletion, outlookEvent, setUpOutlookCalendar } from '../../tests/harness/outlook-calendar.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import type { ListedChange, ListingPosition } from '../ports.ts';
import { createOutlookChanges } from './changes.ts';

const since = '2026-11-01T00:00:00.000Z';
const day = 86_400_000;

const setup = async (options: SandboxOptions = {}, pageSize = 2) => {
  const outlook = await setUpOutlookCalendar(options);
  const { connection, control, client } = outlook;
  const clock = { nowMs: Date.parse(since) };
  const changes = createOutlookChanges(client, { pageSize, now: () => clock.nowMs });
  const listPage = (position: ListingPosition, calendarId = 'primary') =>
    changes.listChanges(connection, calendarId, position, callContext(), nothingStored);
  /** Lists all pages, as the synchronisation does. */
  const list = async (start: ListingPosition, calendarId?: string) => {
    const found: ListedChange[] = [];
    for (let position = start; ; ) {
      const page = await listPage(position, calendarId);
      if (page.kind !== 'page') throw new Error(page.kind);
      found.push(...page.changes);
      if (page.nextPage === undefined) return { found, cursor: page.nextCursor ?? '', page };
      position = { ...position, page: page.nextPage };
    }
  };
  type Added = Parameters<typeof control.addOutlookEvent>[0];
  const busy = (date: string, change: Partial<Added> = {}) =>
    control.addOutlookEvent({
      account: connection.account,
      start: `${date}T09:00:00Z`,
      end: `${date}T10:00:00Z`,
      ...change,
    });
  /** Sends a request as the owner of the mailbox does with Outlook. */
  const owner = async (method: 'PATCH' | 'DELETE', id: string, body?: object) => {
    const response = await fetch(`${outlook.url}/v1.0/me/events/${id}`.replace('/me/', '/me/calendar/'), {
      method,
      headers: {
        authorization: `Bearer ${await connection.accessToken(callContext())}`,
        'content-type': 'application/json',
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    expect(response.status).toBeLessThan(300);
  };
  const move = (id: string, date: string) =>
    owner('PATCH', id, {
      start: { dateTime: `${date}T09:00:00`, timeZone: 'UTC' },
      end: { dateTime: `${date}T10:00:00`, timeZone: 'UTC' },
    });
  const put = () => outlook.calendar.putEvent(connection, outlookEvent(), callContext());
  const requests = (operation: string) =>
    Object.values(outlook.calls()[operation] ?? {}).reduce((sum, count) => sum + count, 0);
  return { ...outlook, changes, list, listPage, busy, owner, move, put, clock, requests };
};

describe('the changes of an Outlook calendar', () => {
  it('are all events in pages, then only what has changed', async () => {
    const { list, busy, put } = await setup();
    for (const date of ['2026-12-02', '2026-12-03', '2026-12-04']) busy(date);
    const all = await list({ kind: 'all', since });
    expect(all.found).toHaveLength(3);
    const { eventId: id } = await put();
    const changed = await list({ kind: 'changes', cursor: all.cursor });
    expect(changed.found).toMatchObject([
      {
        id,
        mark: { eventId, reference: 'aud_ophelia', revision: 1 },
        event: { start: slot.start, end: slot.end, isAllDay: false, busy: 'busy' },
      },
    ]);
    expect((await list({ kind: 'changes', cursor: changed.cursor })).found).toEqual([]);
  });

  it('are read with one request a page, and one for each event that can be ours', async () => {
    const { list, busy, put, requests } = await setup({}, 10);
    for (const date of ['2026-12-02', '2026-12-03', '2026-12-04']) busy(date);
    await put();
    const { found } = await list({ kind: 'all', since });
    expect(found).toHaveLength(4);
    expect([requests('calendarView.delta'), requests('events.get')]).toEqual([1, 1]);
  });

  it('of another calendar are read there', async () => {
    const { list, url, connection, busy } = await setup();
    const response = await fetch(`${url}/v1.0/me/calendars`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await connection.accessToken(callContext())}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ name: 'Castings' }),
    });
    const calendarId = String(Object(await response.json()).id);
    busy('2026-12-01', { calendarId });
    busy('2026-12-02');
    const { found, cursor } = await list({ kind: 'all', since }, calendarId);
    expect(found).toMatchObject([{ event: { start: '2026-12-01T09:00:00.000Z' } }]);
    // The id of a calendar is stored encrypted, the cursor is not.
    expect(cursor).not.toContain(calendarId);
    busy('2026-12-03', { calendarId });
    expect((await list({ kind: 'changes', cursor }, calendarId)).found).toHaveLength(1);
  });

  it('tell what does not block time, and days in the zone of the mailbox', async () => {
    const { list, busy } = await setup({ microsoft: { timeZone: 'W. Europe Standard Time' } }, 10);
    busy('2026-12-01', { start: '2026-12-01', end: '2026-12-02' });
    busy('2026-12-03', { showAs: 'free' });
    busy('2026-12-04', { showAs: 'tentative', response: 'notResponded' });
    busy('2026-12-05', { response: 'declined' });
    busy('2026-12-06', { showAs: 'workingElsewhere' });
    busy('2026-12-07', { showAs: 'oof' });
    busy('2026-12-08', { response: 'tentativelyAccepted' });
    const { found } = await list({ kind: 'all', since });
    expect(found.map(({ event }) => event?.busy)).toEqual([
      'busy',
      'free',
      'tentative',
      'free',
      'free',
      'busy',
      'tentative',
    ]);
    expect(found[0]?.event).toMatchObject({
      start: '2026-11-30T23:00:00.000Z',
      end: '2026-12-01T23:00:00.000Z',
      zone: 'Europe/Berlin',
      isAllDay: true,
    });
  });

  it('list a deleted event without its times', async () => {
    const { list, calendar, connection, put } = await setup();
    const { eventId: id } = await put();
    const { cursor } = await list({ kind: 'all', since });
    await calendar.deleteEvent(connection, outlookDeletion, callContext());
    expect((await list({ kind: 'changes', cursor })).found).toEqual([{ id }]);
  });

  it('list an event that was moved out of the window with its new time, not as deleted', async () => {
    const { list, put, move } = await setup();
    const { eventId: id } = await put();
    const { cursor } = await list({ kind: 'all', since });
    await move(id, '2029-05-01');
    const { found } = await list({ kind: 'changes', cursor });
    expect(found).toMatchObject([
      { id, event: { start: '2029-05-01T09:00:00.000Z' }, mark: { reference: 'aud_ophelia' } },
    ]);
  });

  it('list nothing that begins after the end of the listing, and say where it ends', async () => {
    const { list, busy } = await setup();
    busy('2026-12-01');
    busy('2029-12-01');
    const { found, page } = await list({ kind: 'all', since });
    expect(found).toHaveLength(1);
    expect(page).toMatchObject({ listedUntil: '2027-12-06T00:00:00.000Z' });
  });
});

describe('a series in an Outlook calendar', () => {
  const weekly = { repeat: { everyDays: 7, times: 3 }, showAs: 'tentative' } as const;

  it('is listed with each of its occurrences and their status', async () => {
    const { list, busy } = await setup();
    const { eventId: series } = busy('2026-12-01', weekly);
    const { found } = await list({ kind: 'all', since });
    expect(found[0]).toEqual({ id: series });
    expect(found.slice(1)).toMatchObject([
      { series, event: { start: '2026-12-01T09:00:00.000Z', busy: 'tentative' } },
      { series, event: { start: '2026-12-08T09:00:00.000Z', busy: 'tentative' } },
      { series, event: { start: '2026-12-15T09:00:00.000Z', busy: 'tentative' } },
    ]);
  });

  it('is listed again without an occurrence that was deleted, and with one that was moved', async () => {
    const { list, busy, owner, move } = await setup();
    const { eventId: series } = busy('2026-12-01', weekly);
    const { found, cursor } = await list({ kind: 'all', since });
    await owner('DELETE', found[1]?.id ?? '');
    await move(found[2]?.id ?? '', '2026-12-10');
    const changed = await list({ kind: 'changes', cursor });
    expect(changed.found).toMatchObject([
      { id: series },
      { id: found[2]?.id, series, event: { start: '2026-12-10T09:00:00.000Z' } },
      { id: found[3]?.id, series, event: { start: '2026-12-15T09:00:00.000Z' } },
    ]);
  });

  it('that was deleted is listed as gone', async () => {
    const { list, busy, owner } = await setup();
    const { eventId: series } = busy('2026-12-01', weekly);
    const { cursor } = await list({ kind: 'all', since });
    await owner('DELETE', series);
    expect((await list({ kind: 'changes', cursor })).found).toEqual([{ id: series }]);
  });
});

describe('an Outlook calendar that is deleted while a page of it is read', () => {
  it.each(['an event', 'a series'])('has no deleted events: %s', async (what) => {
    const { client, connection } = await setUpOutlookCalendar();
    const notFound = new ProviderError(
      'microsoft',
      'calendar.listChanges',
      { kind: 'not_found' },
      { status: 404, code: 'ErrorItemNotFound', message: 'gone' },
    );
    let isGone = true;
    const paths: string[] = [];
    const vanishing: typeof client = {
      ...client,
      exchange: async (operation, account, call, answer, request) => {
        paths.push(request.path);
        if (request.path.includes('/delta')) {
          const value = [
            what === 'an event'
              ? { id: 'e1', '@removed': { reason: 'deleted' } }
              : { id: 'e1', type: 'seriesMaster' },
          ];
          return answer.parse({ value, '@odata.deltaLink': 'https://graph.test/delta?token=1' });
        }
        if (request.path.includes('/events/') || isGone) throw notFound;
        return client.exchange(operation, account, call, answer, request);
      },
    };
    const changes = createOutlookChanges(vanishing, { now: () => Date.parse(since) });
    const list = () =>
      changes.listChanges(connection, 'primary', { kind: 'all', since }, callContext(), nothingStored);
    await expect(list()).rejects.toMatchObject({ fault: { kind: 'not_found' } });
    expect(paths.at(-1)).toBe('/me/calendar?$select=id');
    isGone = false;
    expect(await list()).toMatchObject({ kind: 'page', changes: [{ id: 'e1' }] });
  });
});

describe('the cursor of an Outlook calendar', () => {
  it('expires when Graph forgets it, and when Graph rejects a page', async () => {
    const { list, listPage, control } = await setup();
    const { cursor } = await list({ kind: 'all', since });
    const page = '$skiptoken=unknown';
    expect(await listPage({ kind: 'changes', cursor, page })).toEqual({ kind: 'cursor_expired' });
    expect(await listPage({ kind: 'all', since, page })).toEqual({ kind: 'cursor_expired' });
    control.expireDeltaLinks();
    expect(await listPage({ kind: 'changes', cursor })).toEqual({ kind: 'cursor_expired' });
    expect(await listPage({ kind: 'changes', cursor: 'unreadable' })).toEqual({ kind: 'cursor_expired' });
  });

  it('expires when its window covers less than a year of the future, but a listing is finished first', async () => {
    const { list, listPage, clock } = await setup();
    const { cursor } = await list({ kind: 'all', since });
    clock.nowMs += 34 * day;
    const { cursor: later } = await list({ kind: 'changes', cursor });
    clock.nowMs += 2 * day;
    expect(await listPage({ kind: 'changes', cursor: later })).toEqual({ kind: 'cursor_expired' });
    const { query } = Object(JSON.parse(later));
    expect(await listPage({ kind: 'changes', cursor: later, page: query })).toMatchObject({ kind: 'page' });
  });

  it('does not expire when the calendar does not exist', async () => {
    const { listPage } = await setup();
    await expect(listPage({ kind: 'all', since }, 'unknown')).rejects.toMatchObject({
      fault: { kind: 'not_found' },
      connection: 'conn_1',
    });
  });

  it('survives a throttled page', async () => {
    const { list, listPage, busy, control } = await setup();
    const { cursor } = await list({ kind: 'all', since });
    busy('2026-12-01');
    control.setFault('microsoft', {
      kind: 'rate_limit',
      operation: 'calendarView.delta',
      times: 1,
      retryAfterSeconds: 7,
    });
    await expect(listPage({ kind: 'changes', cursor })).rejects.toMatchObject({
      fault: { kind: 'retry_after', delayMs: 7_000 },
    });
    expect((await list({ kind: 'changes', cursor })).found).toHaveLength(1);
  });
});

const editedIn = (found: readonly ListedChange[]) => found.flatMap(({ mark }) => mark?.edited ?? []);

describe('a text of our event in Outlook', () => {
  it('is listed as edited until it is as it was written', async () => {
    const { put, list, owner } = await setup();
    const { eventId: id } = await put();
    const { found, cursor } = await list({ kind: 'all', since });
    expect(editedIn(found)).toEqual([]);
    await owner('PATCH', id, { subject: 'My big day' });
    const after = await list({ kind: 'changes', cursor });
    expect(editedIn(after.found)).toEqual([
      { text: 'title', digest: expect.stringMatching(/^[0-9a-f]{16}$/) },
    ]);
  });
});
