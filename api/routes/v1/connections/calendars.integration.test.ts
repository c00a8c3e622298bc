/** Tests the list of an account's calendars, and the choice among them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CalendarListing } from '../../../../domain/calendars/calendar-listing.ts';
import { ProviderError, type ProviderFault } from '../../../../domain/errors.ts';
import { createTestApi } from '../../../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import type { ListCalendars } from '../../../dependencies.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const main = { calendarId: 'primary', alias: 'ann@example.com', name: 'Ann', isMain: true, isWritable: true };
const work = { calendarId: 'work@group', name: 'Work', isMain: false, isWritable: true };
const family = { calendarId: 'family@group', name: 'Family', isMain: false, isWritable: false };

const setup = async (given: { listCalendars?: ListCalendars } = {}) => {
  const organization = `org_${randomUUID()}` as const;
  const id = `conn_${randomUUID()}` as const;
  const listed: CalendarListing[] = [main, work, family];
  const listCalendars: ListCalendars = async () => ({
    kind: 'listed',
    provider: 'google',
    calendars: [...listed],
  });
  const { connections } = database.repositories;
  await connections.put({
    id,
    organization,
    provider: 'google',
    account: 'ann@example.com',
    refreshToken: 'sandbox-refresh-ann',
  });
  const test = await createTestApi(database, { listCalendars, ...given });
  const key = await test.keyFor('backend', organization);
  const path = `/v1/connections/${id}/calendars`;
  const choose = (body: object) => test.call('PUT', path, { key, body });
  const list = () => test.call('GET', path, { key });
  /** Returns the ids of the calendars with a property. */
  const idsWith = async (property: 'isWritten' | 'isBusy' | 'isMissing') => {
    const { body } = await list();
    const items: readonly Record<string, unknown>[] = Object(body).items;
    return items.filter((item) => item[property]).map(({ calendarId }) => calendarId);
  };
  return { ...test, id, organization, connections, listed, choose, list, idsWith, key, path };
};

describe('the calendars of an account', () => {
  it('are its main calendar, written and busy, before a choice', async () => {
    const { list } = await setup();
    expect(await list()).toMatchObject({
      status: 200,
      body: {
        items: [
          {
            calendarId: 'primary',
            name: 'Ann',
            isMain: true,
            isWritable: true,
            isWritten: true,
            isBusy: true,
            isMissing: false,
          },
          { calendarId: 'work@group', isWritten: false, isBusy: false },
          { calendarId: 'family@group', isWritable: false, isBusy: false },
        ],
      },
    });
  });

  it('show the choice, in which the written calendar counts as busy', async () => {
    const { choose, idsWith } = await setup();
    const { status, body } = await choose({ written: 'work@group', busy: ['family@group'] });
    expect(status).toBe(200);
    expect(Object(body).items).toHaveLength(3);
    expect(await idsWith('isWritten')).toEqual(['work@group']);
    expect(await idsWith('isBusy')).toEqual(['work@group', 'family@group']);
    await choose({ busy: [] });
    expect(await idsWith('isBusy')).toEqual(['primary']);
  });

  it('can be chosen by the other id of the main calendar', async () => {
    const { choose, connections, organization, id } = await setup();
    expect((await choose({ written: 'work@group', busy: ['ann@example.com'] })).status).toBe(200);
    expect((await connections.getChoice(organization, id))?.busy).toEqual([
      { calendarId: 'primary', name: 'Ann' },
    ]);
  });

  it('name a chosen calendar that no longer exists', async () => {
    const { choose, listed, list, idsWith } = await setup();
    await choose({ written: 'work@group', busy: ['family@group'] });
    listed.splice(1, 2);
    expect(await idsWith('isMissing')).toEqual(['work@group', 'family@group']);
    expect(Object((await list()).body).items[1]).toMatchObject({
      name: 'Work',
      isWritten: true,
      isWritable: false,
    });
  });

  it('record who has chosen, without the ids', async () => {
    const { choose, organization, id } = await setup();
    await choose({ written: 'work@group', busy: ['family@group'] });
    const { items } = await database.repositories.administrativeActs.list(organization, { limit: 5 });
    expect(items).toMatchObject([
      {
        act: 'connection.calendars_chosen',
        target: id,
        role: 'backend',
        detail: { writesToMain: false, busyCount: 1 },
      },
    ]);
    expect(JSON.stringify(items)).not.toContain('group');
  });
});

describe('a choice of calendars', () => {
  it.each([
    ['an unknown written calendar', { written: 'nobody@group', busy: [] }, 'unknown_calendar', '/written'],
    ['an unknown busy calendar', { busy: ['family@group', 'x'] }, 'unknown_calendar', '/busy/1'],
    [
      'a calendar that cannot be written',
      { written: 'family@group', busy: [] },
      'calendar_not_writable',
      '/written',
    ],
    [
      'a calendar twice, under two ids',
      { busy: ['primary', 'ann@example.com'] },
      'duplicate_calendar',
      '/busy/1',
    ],
  ])('with %s is refused and changes nothing', async (_, body, code, pointer) => {
    const { choose, idsWith } = await setup();
    expect(await choose(body)).toMatchObject({
      status: 422,
      body: { code, errors: [expect.objectContaining({ pointer })] },
    });
    expect(await idsWith('isBusy')).toEqual(['primary']);
  });

  it.each([
    ['more than 20 calendars', { busy: Array.from({ length: 21 }, (_, index) => `c${index}`) }],
    ['no list', { written: 'work@group' }],
    ['an unknown field', { busy: [], also: true }],
  ])('with %s is an invalid body', async (_, body) => {
    const { choose } = await setup();
    expect(await choose(body)).toMatchObject({ status: 400, body: { code: 'invalid_body' } });
  });

  it('is refused for a connection of another organization, and for one that is disconnected', async () => {
    const { choose, connections, organization, id, path, call, keyFor } = await setup();
    const foreign = await keyFor('backend', `org_${randomUUID()}`);
    expect(await call('PUT', path, { key: foreign, body: { busy: [] } })).toMatchObject({
      status: 404,
      body: { code: 'connection_not_found' },
    });
    await connections.disconnect(organization, id);
    expect(await choose({ busy: [] })).toMatchObject({ status: 404 });
  });
});

const fails =
  (fault: ProviderFault): ListCalendars =>
  async () => {
    throw new ProviderError('google', 'calendar.listCalendars', fault, { message: 'no' });
  };

describe('calendars that cannot be listed', () => {
  it('name the scope that is missing, and the way to consent to it', async () => {
    const { list, id } = await setup({
      listCalendars: async () => ({ kind: 'scope_missing', scopes: ['calendars.seen'] }),
    });
    const { status, body } = await list();
    expect({ status, body }).toMatchObject({ status: 422, body: { code: 'scope_missing' } });
    expect(JSON.stringify(body)).toContain(
      `/v1/connections/google/authorize?connection=${id}&scope=calendars.seen`,
    );
  });

  it.each([
    [{ kind: 'reconnect' }, 422, 'unknown_connection'],
    [{ kind: 'not_permitted' }, 422, 'unknown_connection'],
    [{ kind: 'outage', effect: 'none' }, 503, 'temporarily_unavailable'],
    [{ kind: 'misconfigured' }, 500, 'internal'],
  ] as const)('answer the fault %j with %d %s', async (fault, status, code) => {
    const { list, choose } = await setup({ listCalendars: fails(fault) });
    expect(await list()).toMatchObject({ status, body: { code } });
    expect(await choose({ busy: [] })).toMatchObject({ status, body: { code } });
  });

  it('are those of an account without calendars', async () => {
    const { list } = await setup({ listCalendars: async () => ({ kind: 'not_offered' }) });
    expect(await list()).toMatchObject({ status: 422, body: { code: 'provider_not_offered' } });
  });
});
