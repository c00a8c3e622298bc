import { describe, expect, it } from 'vitest';
import { eventBody, googleErrorOf, startGoogleSandbox } from '../../../tests/harness/google-sandbox.ts';
import type { SandboxOptions } from '../settings.ts';
import { dayMs } from '../time.ts';

const calendarId = 'primary';

/** The access token outlives the tokens of a listing. */
const longSignIn = { google: { accessTokenSeconds: 60 * 86_400 } } satisfies SandboxOptions;

const setup = async (options: SandboxOptions = {}, clock?: () => number) => {
  const { sandbox, calendar, connect } = await startGoogleSandbox(options, clock);
  const insert = (id: string, day?: string) =>
    calendar.events.insert({ calendarId, requestBody: eventBody(id, day) });
  const list = async (parameters: object) =>
    (await calendar.events.list({ calendarId, singleEvents: true, ...parameters })).data;
  const tokenOf = async (parameters: object = {}) => (await list(parameters)).nextSyncToken ?? undefined;
  return { sandbox, calendar, connect, insert, list, tokenOf };
};

describe('a sync token of the sandbox', () => {
  it('lists later insertions, changes and deletions once, and nothing else', async () => {
    const { calendar, insert, list, tokenOf } = await setup();
    await Promise.all([insert('aaaaa'), insert('bbbbb'), insert('ccccc')]);
    const syncToken = await tokenOf();
    await calendar.events.delete({ calendarId, eventId: 'aaaaa' });
    await calendar.events.patch({ calendarId, eventId: 'bbbbb', requestBody: { summary: 'Other' } });
    await insert('ddddd');
    const changes = await list({ syncToken });
    expect(changes.items?.map(({ id, status }) => [id, status])).toEqual([
      ['aaaaa', 'cancelled'],
      ['bbbbb', 'confirmed'],
      ['ddddd', 'confirmed'],
    ]);
    // Google guarantees only the id of a deleted event.
    expect(changes.items?.[0]).not.toHaveProperty('start');
    expect((await list({ syncToken: changes.nextSyncToken })).items).toEqual([]);
  });

  it('comes with the last page, and covers what has changed since the first one', async () => {
    const { calendar, insert, list } = await setup();
    for (const id of ['aaaaa', 'bbbbb', 'ccccc']) await insert(id);
    const first = await list({ maxResults: 2 });
    expect(first).not.toHaveProperty('nextSyncToken');
    await calendar.events.delete({ calendarId, eventId: 'aaaaa' });
    const second = await list({ maxResults: 2, pageToken: first.nextPageToken });
    expect(second.items?.map(({ id }) => id)).toEqual(['ccccc']);
    const changes = await list({ syncToken: second.nextSyncToken });
    expect(changes.items?.map(({ id }) => id)).toEqual(['aaaaa']);
  });

  it('lists changes in pages, including those that are made meanwhile', async () => {
    const { calendar, insert, list, tokenOf } = await setup();
    const syncToken = await tokenOf();
    for (const id of ['aaaaa', 'bbbbb', 'ccccc']) await insert(id);
    const first = await list({ syncToken, maxResults: 2 });
    await calendar.events.patch({ calendarId, eventId: 'aaaaa', requestBody: { summary: 'Other' } });
    const second = await list({ syncToken, maxResults: 2, pageToken: first.nextPageToken });
    expect([first, second].map(({ items }) => items?.map(({ id }) => id))).toEqual([
      ['aaaaa', 'bbbbb'],
      ['ccccc', 'aaaaa'],
    ]);
  });

  it('is refused with other restrictions, and with other parameters', async () => {
    const { list, tokenOf } = await setup();
    const syncToken = await tokenOf({ timeMin: '2026-01-01T00:00:00Z' });
    for (const restriction of [{ timeMin: '2026-01-01T00:00:00Z' }, { showDeleted: false }, { q: 'x' }]) {
      expect(await googleErrorOf(list({ syncToken, ...restriction }))).toMatchObject({
        status: 400,
        reason: 'syncTokenWithRequestRestrictions',
      });
    }
    expect(await googleErrorOf(list({ syncToken, singleEvents: false }))).toMatchObject({ status: 400 });
  });

  it('is answered with 410 after it has expired', async () => {
    const { sandbox, list, tokenOf } = await setup();
    const syncToken = await tokenOf();
    sandbox.control.expireSyncTokens();
    expect(await googleErrorOf(list({ syncToken }))).toMatchObject({
      status: 410,
      reason: 'fullSyncRequired',
    });
  });

  it('expires when it is old', async () => {
    let ahead = 0;
    const { list, tokenOf } = await setup(longSignIn, () => Date.now() + ahead);
    const syncToken = await tokenOf();
    ahead = 27 * dayMs;
    const { nextSyncToken } = await list({ syncToken });
    ahead = 29 * dayMs;
    expect(await googleErrorOf(list({ syncToken }))).toMatchObject({
      status: 410,
      reason: 'fullSyncRequired',
    });
    expect((await list({ syncToken: nextSyncToken })).items).toEqual([]);
  });

  it('expires when the owner shares the calendar, and no token of another calendar does', async () => {
    const { calendar, connect, list, tokenOf } = await setup();
    const syncToken = await tokenOf();
    const other = connect('bob@example.com').calendar;
    const { data } = await other.events.list({ calendarId, singleEvents: true });
    await calendar.acl.insert({
      calendarId,
      requestBody: { role: 'reader', scope: { type: 'user', value: 'carl@example.com' } },
    });
    expect(await googleErrorOf(list({ syncToken }))).toMatchObject({ status: 410 });
    const unchanged = await other.events.list({
      calendarId,
      singleEvents: true,
      syncToken: data.nextSyncToken ?? '',
    });
    expect(unchanged.data.items).toEqual([]);
    expect((await list({ syncToken: await tokenOf() })).items).toEqual([]);
  });
});

describe('a page token of the sandbox', () => {
  it('expires when it is old', async () => {
    let ahead = 0;
    const { insert, list } = await setup(longSignIn, () => Date.now() + ahead);
    for (const id of ['aaaaa', 'bbbbb']) await insert(id);
    const { nextPageToken: pageToken } = await list({ maxResults: 1 });
    ahead = 2 * dayMs;
    expect(await googleErrorOf(list({ maxResults: 1, pageToken }))).toMatchObject({ status: 400 });
  });

  it('is refused by another listing', async () => {
    const { connect, insert, list, tokenOf } = await setup();
    const syncToken = await tokenOf();
    for (const id of ['aaaaa', 'bbbbb']) await insert(id);
    const { nextPageToken: pageToken } = await list({ maxResults: 1 });
    for (const others of [{ singleEvents: false }, { syncToken }]) {
      expect(await googleErrorOf(list({ maxResults: 1, pageToken, ...others }))).toMatchObject({
        status: 400,
        reason: 'invalid',
      });
    }
    const { calendar } = connect('bob@example.com');
    const elsewhere = calendar.events.list({
      calendarId,
      singleEvents: true,
      pageToken: pageToken ?? '',
    });
    expect(await googleErrorOf(elsewhere)).toMatchObject({ status: 400 });
  });

  it('comes with a page that has fewer events than were asked for', async () => {
    const { insert, list } = await setup({ google: { eventsPerPage: 1 } });
    for (const id of ['aaaaa', 'bbbbb']) await insert(id);
    const first = await list({ maxResults: 10 });
    const second = await list({ maxResults: 10, pageToken: first.nextPageToken });
    expect([first, second].map(({ items }) => items?.map(({ id }) => id))).toEqual([['aaaaa'], ['bbbbb']]);
    expect(second).not.toHaveProperty('nextPageToken');
  });
});
