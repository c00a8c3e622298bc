/** Tests the end of channels and their notifications with Google's library: https://developers.google.com/workspace/calendar/api/guides/push */
import { describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/harness/eventually.ts';
import { eventBody, startGoogleSandbox } from '../../../tests/harness/google-sandbox.ts';
import { startStatusReceiver } from '../../../tests/harness/status-receiver.ts';
import { dayMs } from '../time.ts';

const calendarId = 'primary';

const setup = async (...statuses: number[]) => {
  let ahead = 0;
  const { calendar, sandbox } = await startGoogleSandbox(
    { google: { channelRetryMs: [100], accessTokenSeconds: 60 * 86_400 } },
    () => Date.now() + ahead,
  );
  const { url: address, received } = await startStatusReceiver(...statuses);
  const watch = (change: object = {}) =>
    calendar.events.watch({
      calendarId,
      requestBody: { id: 'channel-1', type: 'web_hook', address, ...change },
    });
  return {
    calendar,
    sandbox,
    received,
    watch,
    insert: (id: string) => calendar.events.insert({ calendarId, requestBody: eventBody(id) }),
    numbers: () => received.map(({ headers }) => Number(headers['x-goog-message-number'])),
    wait: (ms: number) => {
      ahead += ms;
    },
  };
};

describe('a channel of Google Calendar', () => {
  it('ends at its expiration without a notice, and its id is free again', async () => {
    const { calendar, sandbox, received, watch, insert, wait } = await setup();
    const { data: channel } = await watch();
    const notifications = () => sandbox.control.state().calls.google['channel.notify'];
    await expect.poll(notifications).toEqual({ 204: 1 });
    wait(8 * dayMs);
    await insert('aaaaa');
    expect(sandbox.control.state().google.channels).toEqual([]);
    expect(received).toHaveLength(1);
    expect(notifications()).toEqual({ 204: 1 });
    const stopped = calendar.channels.stop({
      requestBody: { id: 'channel-1', resourceId: channel.resourceId ?? '' },
    });
    await expect(stopped).rejects.toMatchObject({ response: { status: 404 } });
    expect((await watch()).status).toBe(200);
  });

  it('does not repeat a failed notification after its expiration', async () => {
    const { sandbox, received, watch, insert, wait } = await setup(204, 503);
    await watch();
    await eventually(() => received.length === 1, 5_000);
    await insert('aaaaa');
    await eventually(() => received.length === 2, 5_000);
    wait(8 * dayMs);
    await eventually(() => sandbox.control.state().calls.google['channel.notify']?.['ended'] === 1, 5_000);
    expect(received).toHaveLength(2);
  });

  it('lasts as long as its params.ttl, and seven days at most', async () => {
    const { watch } = await setup();
    const lifeOf = async (change: object) => Number((await watch(change)).data.expiration) - Date.now();
    const hourMs = 3_600_000;
    expect(Math.round((await lifeOf({ id: 'a', params: { ttl: '3600' } })) / hourMs)).toBe(1);
    expect(Math.round((await lifeOf({ id: 'b' })) / dayMs)).toBe(7);
    const expiration = String(Date.now() + 30 * dayMs);
    expect(Math.round((await lifeOf({ id: 'c', expiration })) / dayMs)).toBe(7);
  });

  it('sends a notification several times under a fault', async () => {
    const { sandbox, received, watch, insert, numbers } = await setup();
    await watch();
    await eventually(() => received.length === 1, 5_000);
    sandbox.control.setFault('google', {
      kind: 'duplicate',
      operation: 'channel.notify',
      copies: 3,
      times: 1,
    });
    await insert('aaaaa');
    await insert('bbbbb');
    await eventually(() => received.length === 5, 5_000);
    expect(numbers().filter((number) => number === 2)).toHaveLength(3);
  });

  it('sends notifications in the reverse order under a fault', async () => {
    const { sandbox, received, watch, insert, numbers } = await setup();
    await watch();
    await eventually(() => received.length === 1, 5_000);
    sandbox.control.setFault('google', {
      kind: 'reorder',
      operation: 'channel.notify',
      count: 3,
      withinMs: 200,
      times: 4,
    });
    for (const id of ['aaaaa', 'bbbbb', 'ccccc', 'ddddd']) await insert(id);
    // The fourth one is alone, and is sent when no other follows.
    await eventually(() => received.length === 5, 5_000);
    expect(numbers()).toEqual([1, 4, 3, 2, 5]);
  });

  it('ends with all others through the control API, without a notice', async () => {
    const { sandbox, received, watch, insert } = await setup();
    await watch();
    await eventually(() => received.length === 1, 5_000);
    const path = `${sandbox.url}/sandbox/google/expire-subscriptions`;
    expect((await fetch(path, { method: 'POST' })).status).toBe(204);
    await insert('aaaaa');
    expect(sandbox.control.state().google.channels).toEqual([]);
    expect(received).toHaveLength(1);
  });

  it.each([
    ['a call that the vendor receives', 'google', 'events.list'],
    ['a vendor that makes no calls', 'apple', undefined],
  ] as const)('has faults of notifications that are refused for %s', async (_name, vendor, operation) => {
    const { sandbox } = await setup();
    const answer = await fetch(`${sandbox.url}/sandbox/faults/${vendor}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'duplicate', operation }),
    });
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: /Only calls that/ }]);
  });
});
