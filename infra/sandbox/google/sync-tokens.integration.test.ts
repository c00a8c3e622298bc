import { describe, expect, it } from 'vitest';
import { eventBody, googleErrorOf, startGoogleSandbox } from '../../../tests/harness/google-sandbox.ts';

const calendarId = 'primary';

const setup = async () => {
  const { sandbox, calendar } = await startGoogleSandbox();
  const insert = (id: string, day?: string) =>
    calendar.events.insert({ calendarId, requestBody: eventBody(id, day) });
  const list = async (parameters: object) =>
    (await calendar.events.list({ calendarId, singleEvents: true, ...parameters })).data;
  const tokenOf = async (parameters: object = {}) => (await list(parameters)).nextSyncToken ?? undefined;
  return { sandbox, calendar, insert, list, tokenOf };
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
});
