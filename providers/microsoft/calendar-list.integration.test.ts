/** Tests the list of calendars of Microsoft against the sandbox. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callContext } from '../../tests/harness/call-context.ts';
import { setUpOutlookCalendar } from '../../tests/harness/outlook-calendar.ts';
import { sharedCalendarsScope } from './settings.ts';

const createdSchema = z.looseObject({ id: z.string() });

const setUp = async (options: Parameters<typeof setUpOutlookCalendar>[0] = {}) => {
  const bench = await setUpOutlookCalendar(options);
  /** Sends a request to the mailbox of an account, as its owner does. */
  const callAs = async (account: string, path: string, body: object) => {
    const answer = await fetch(`${bench.url}/common/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: `sandbox-refresh-${account}`,
        client_id: 'sandbox-microsoft-client',
        client_secret: 'sandbox-microsoft-secret',
      }),
    });
    const { access_token: token } = z.looseObject({ access_token: z.string() }).parse(await answer.json());
    const response = await fetch(`${bench.url}/v1.0/me/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return createdSchema.parse(await response.json()).id;
  };
  const add = (name: string) => callAs(bench.connection.account, 'calendars', { name });
  /** Lets another account share a calendar. */
  const addShared = async (name: string, role: string) => {
    const id = await callAs('pat@contoso.example', 'calendars', { name });
    await callAs('pat@contoso.example', `calendars/${id}/calendarPermissions`, {
      emailAddress: { address: bench.connection.account },
      role,
    });
  };
  const list = (scopes: readonly string[] = []) =>
    bench.calendar.calendarList.list(bench.connection, scopes, callContext());
  return { ...bench, add, addShared, list };
};

describe('the calendars of a Microsoft account', () => {
  it('begin with the main calendar, which has the id primary', async () => {
    const { add, list, control, connection } = await setUp();
    const main = control.openMailbox(connection.account);
    const work = await add('Work');
    expect(await list()).toEqual([
      { calendarId: 'primary', alias: main, name: 'Calendar', isMain: true, isWritable: true },
      { calendarId: work, name: 'Work', isMain: false, isWritable: true },
    ]);
  });

  it('of other people are listed with the scope for them only, and are never writable', async () => {
    const { addShared, list } = await setUp();
    await addShared('Production', 'write');
    expect(await list()).toHaveLength(1);
    expect((await list([sharedCalendarsScope]))[1]).toMatchObject({ name: 'Production', isWritable: false });
  });

  it('of other people are read with the scope for them', async () => {
    const shared = { microsoft: { preauthorizedScopes: ['Calendars.ReadWrite', sharedCalendarsScope] } };
    const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-02T00:00:00.000Z' } as const;
    const readIn = async (options: Parameters<typeof setUp>[0]) => {
      const { addShared, list, calendar, connection } = await setUp(options);
      await addShared('Production', 'read');
      const [, production] = await list([sharedCalendarsScope]);
      return calendar.busyEvents(connection, production?.calendarId ?? '', window, callContext());
    };
    expect(await readIn(shared)).toEqual([]);
    await expect(readIn({})).rejects.toMatchObject({ fault: { kind: 'not_permitted' } });
  });

  it('are read page by page', async () => {
    const { add, list, calls } = await setUp();
    for (let index = 0; index < 101; index += 1) await add(`Calendar ${index}`);
    expect(await list()).toHaveLength(102);
    expect(calls()['calendars.list']).toEqual({ 200: 2 });
  });
});
