/** Tests the list of calendars of Google against the sandbox. */
import { describe, expect, it } from 'vitest';
import { callContext } from '../../tests/harness/call-context.ts';
import { setUpGoogleCalendar, slot } from '../../tests/harness/google-calendar.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';

const account = 'casting@example.test';

const setUp = async (options: Parameters<typeof setUpGoogleCalendar>[0] = {}) => {
  const bench = await setUpGoogleCalendar(options);
  const own = connectToSandbox(bench.settings.apiUrl, account).calendar;
  const friend = connectToSandbox(bench.settings.apiUrl, 'pat@example.test').calendar;
  const add = async (summary: string): Promise<string> =>
    (await own.calendars.insert({ requestBody: { summary } })).data.id ?? '';
  /** Lets another account share a calendar, and adds it to the list. */
  const addShared = async (summary: string, role: string): Promise<string> => {
    const { data } = await friend.calendars.insert({ requestBody: { summary } });
    const id = data.id ?? '';
    await friend.acl.insert({
      calendarId: id,
      requestBody: { role, scope: { type: 'user', value: account } },
    });
    await own.calendarList.insert({ requestBody: { id } });
    return id;
  };
  const list = () => bench.calendar.calendarList.list(bench.connection, [], callContext());
  return { ...bench, own, friend, add, addShared, list };
};

describe('the calendars of a Google account', () => {
  it('begin with the main calendar, which has the id primary', async () => {
    const { add, list } = await setUp();
    const work = await add('Work');
    expect(await list()).toEqual([
      { calendarId: 'primary', alias: account, name: account, isMain: true, isWritable: true },
      { calendarId: work, name: 'Work', isMain: false, isWritable: true },
    ]);
  });

  it.each([
    ['writer', true],
    ['reader', false],
    ['freeBusyReader', false],
  ])('of another account can be written as the role %s says', async (role, isWritable) => {
    const { addShared, list } = await setUp();
    const calendarId = await addShared('Production', role);
    expect((await list()).slice(1)).toEqual([{ calendarId, name: 'Production', isMain: false, isWritable }]);
  });

  it('have the name that the account has given them', async () => {
    const { own, addShared, list } = await setUp();
    const calendarId = await addShared('Production', 'reader');
    await own.calendarList.patch({ calendarId, requestBody: { summaryOverride: 'Set' } });
    expect((await list())[1]).toMatchObject({ name: 'Set' });
  });

  it('include hidden ones, but none that was removed, is no longer shared, or is a room', async () => {
    const { own, friend, add, addShared, control, list } = await setUp();
    const hidden = await add('Archive');
    await own.calendarList.patch({ calendarId: hidden, requestBody: { hidden: true } });
    const removed = await addShared('Removed', 'reader');
    await own.calendarList.delete({ calendarId: removed });
    const unshared = await addShared('Unshared', 'reader');
    await friend.acl.insert({
      calendarId: unshared,
      requestBody: { role: 'none', scope: { type: 'user', value: account } },
    });
    const email = 'c_188studio@resource.calendar.google.com';
    control.addRoom('google', { email, name: 'Studio 2', listedBy: [account] });
    expect((await list()).map(({ calendarId }) => calendarId)).toEqual(['primary', hidden]);
  });

  it('are read page by page', async () => {
    const { add, list, calls } = await setUp();
    for (let index = 0; index < 251; index += 1) await add(`Calendar ${index}`);
    expect(await list()).toHaveLength(252);
    expect(calls()['calendarList.list']).toEqual({ 200: 2 });
  });

  it('need a scope', async () => {
    const { calendar } = await setUp();
    expect(calendar.calendarList.scopes).toEqual([
      'https://www.googleapis.com/auth/calendar.calendarlist.readonly',
    ]);
  });

  it('that share only their busy times have no events to read, and can be queried', async () => {
    const { calendar, connection, friend, addShared } = await setUp();
    const calendarId = await addShared('Production', 'freeBusyReader');
    const { start, end } = slot;
    await friend.events.insert({
      calendarId,
      requestBody: { start: { dateTime: start }, end: { dateTime: end } },
    });
    const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-02T00:00:00.000Z' } as const;
    await expect(calendar.busyEvents(connection, calendarId, window, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
    });
    expect(await calendar.freeBusy(connection, [calendarId], window, callContext())).toEqual([
      { start, end },
    ]);
  });
});
