/** Tests subscriptions that the vendor has opened although its answer was lost or cannot be read, does not stop, or does not offer. */
import { describe, expect, it } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { slotIn, useOutlookSync } from '../../tests/harness/outlook-sync-harness.ts';
import { startRewritingProxy } from '../../tests/harness/rewriting-proxy.ts';

const setUpGoogle = useCalendarSync();
const setUpOutlook = useOutlookSync();

const withoutResource = (answer: unknown): unknown =>
  Object(answer).kind === 'api#channel' ? { ...Object(answer), resourceId: undefined } : answer;

const setUpChannel = async (change?: (answer: unknown) => unknown) => {
  const bench = await setUpGoogle(
    change && { through: (sandboxUrl) => startRewritingProxy(sandboxUrl, change) },
  );
  const { write, sandbox, repositories, connection, account } = bench;
  await write(1, slot);
  const present = () =>
    sandbox.control.state().google.channels.filter(({ calendarId }) => calendarId === account);
  return {
    ...bench,
    channels: () => present().map(({ id }) => id),
    /** What the receiver does with the first notification (`api/routes/v1/webhooks/watches.integration.test.ts`). */
    confirm: async (id = '') => {
      const resourceId = present().find((channel) => channel.id === id)?.resourceId ?? '';
      const expiresAt = toInstant(Date.now() + 6 * 86_400_000);
      return repositories.watchSubscriptions.confirm(id, { resourceId, expiresAt });
    },
    stored: () => repositories.watchSubscriptions.listByConnection(connection),
  };
};

const refusedWith = (pushError: string | undefined) => ({
  calendars: [{ state: 'in_sync', pushError }],
});

describe('a channel of Google whose answer names no resource', () => {
  it('is the only one of the calendar, however often the calendar is polled', async () => {
    const { sync, channels, stored } = await setUpChannel(withoutResource);
    expect(await sync()).toMatchObject({ ...refusedWith('retry'), nextPollMs: 300_000 });
    const opened = channels();
    expect(opened).toHaveLength(1);
    for (let polls = 0; polls < 3; polls += 1) {
      expect(await sync()).toMatchObject({ ...refusedWith('unconfirmed'), nextPollMs: 300_000 });
    }
    expect(channels()).toEqual(opened);
    expect(await stored()).toMatchObject([{ id: opened[0], resourceId: undefined }]);
  });

  it('is used after its first notification, and stopped when the calendar is not used any more', async () => {
    const { sync, channels, confirm, holds } = await setUpChannel(withoutResource);
    await sync();
    const opened = channels();
    expect(await confirm(opened[0])).toBe(true);
    expect(await sync()).toMatchObject({ ...refusedWith(undefined), nextPollMs: 900_000 });
    expect(channels()).toEqual(opened);
    await holds.release();
    expect(await sync()).toEqual({ kind: 'ended', reason: 'unused' });
    expect(channels()).toEqual([]);
  });

  it('is replaced by another one before it expires', async () => {
    const { sync, channels, stored, pool, connection } = await setUpChannel(withoutResource);
    await sync();
    const [former] = channels();
    await pool.query(
      `UPDATE watch_subscriptions SET created_at = now() - interval '6 days',
       expires_at = now() + interval '20 hours' WHERE connection = $1`,
      [connection],
    );
    await sync();
    await sync();
    const replacement = (await stored()).at(-1);
    expect(channels()).toEqual([former, replacement?.id]);
    await pool.query("UPDATE watch_subscriptions SET expires_at = now() - interval '3 hours' WHERE id = $1", [
      former,
    ]);
    await sync();
    expect(await stored()).toMatchObject([{ id: replacement?.id }]);
  });
});

describe('a channel of Google whose answer was lost', () => {
  it('is opened once, and keeps its secret', async () => {
    const { sync, channels, stored, fault, pool, connection } = await setUpChannel();
    const hashes = async () => {
      const query = 'SELECT secret_hashes FROM watch_subscriptions WHERE connection = $1';
      return (await pool.query(query, [connection])).rows;
    };
    fault('google', { kind: 'lost_answer', operation: 'events.watch', times: 1 });
    expect(await sync()).toMatchObject(refusedWith('outage'));
    const opened = channels();
    expect(opened).toHaveLength(1);
    const secret = await hashes();
    for (let polls = 0; polls < 3; polls += 1) {
      expect(await sync()).toMatchObject(refusedWith('unconfirmed'));
    }
    expect(channels()).toEqual(opened);
    expect(await stored()).toMatchObject([{ id: opened[0] }]);
    expect(await hashes()).toEqual(secret);
  });

  it('is opened by the next poll under the same id when the request was lost as well', async () => {
    const { sync, channels, stored, fault } = await setUpChannel();
    fault('google', { kind: 'outage', operation: 'events.watch', times: 1 });
    expect(await sync()).toMatchObject(refusedWith('outage'));
    const [requested] = await stored();
    expect(channels()).toEqual([]);
    expect(await sync()).toMatchObject(refusedWith(undefined));
    expect(channels()).toEqual([requested?.id]);
  });

  it('accepts the secret of a repeated request, which has another master key and is not answered either', async () => {
    const { sync, channels, stored, fault, pool, connection, repositories } = await setUpChannel();
    fault('google', { kind: 'outage', operation: 'events.watch', times: 1 });
    await sync();
    const [{ id } = { id: '' }] = await stored();
    await pool.query(
      `UPDATE watch_subscriptions SET secret_key = NULL, secret_hashes = ARRAY['former'] WHERE connection = $1`,
      [connection],
    );
    fault('google', { kind: 'lost_answer', operation: 'events.watch', times: 1 });
    expect(await sync()).toMatchObject(refusedWith('outage'));
    expect(channels()).toEqual([id]);
    const { watchSubscriptions } = repositories;
    const secret = watchSubscriptions.issueSecret('google', id);
    expect(await watchSubscriptions.verify('google', [{ id, secret }])).toMatchObject([
      { kind: 'authentic' },
    ]);
  });

  it('leaves the former channel in use until it is confirmed', async () => {
    const { sync, channels, stored, confirm, fault, pool, connection } = await setUpChannel();
    await sync();
    const [former] = channels();
    await pool.query(
      `UPDATE watch_subscriptions SET created_at = now() - interval '6 days',
       expires_at = now() + interval '20 hours' WHERE connection = $1`,
      [connection],
    );
    fault('google', { kind: 'lost_answer', operation: 'events.watch', times: 1 });
    await sync();
    await sync();
    expect(channels()).toHaveLength(2);
    const unanswered = (await stored()).find(({ resourceId }) => resourceId === undefined);
    await confirm(unanswered?.id);
    expect(await sync()).toMatchObject(refusedWith(undefined));
    expect(channels()).toEqual([unanswered?.id]);
    expect(channels()).not.toContain(former);
  });

  it('is forgotten when Google has refused it', async () => {
    const { sync, channels, stored, fault } = await setUpChannel();
    fault('google', { kind: 'refusal', operation: 'events.watch', status: 403, times: 1 });
    expect(await sync()).toMatchObject(refusedWith('not_permitted'));
    expect(await stored()).toEqual([]);
    expect(await sync()).toMatchObject(refusedWith(undefined));
    expect(channels()).toHaveLength(1);
  });
});

describe('a channel of Google that no open audition uses', () => {
  it('is stopped by the next poll when Google did not respond, and the synchronization ends then', async () => {
    const { sync, channels, holds, fault } = await setUpChannel();
    await sync();
    await holds.release();
    fault('google', { kind: 'outage', operation: 'channels.stop', times: 1 });
    expect(await sync()).toEqual({ kind: 'synced', calendars: [], isMore: false, nextPollMs: 900_000 });
    expect(channels()).toHaveLength(1);
    expect(await sync()).toEqual({ kind: 'ended', reason: 'unused' });
    expect(channels()).toEqual([]);
  });
});

describe('a calendar of Google for which there are no channels', () => {
  it('is asked for one once a day', async () => {
    let refusals = 0;
    const error = {
      code: 400,
      message: 'Push notifications are not supported by this resource.',
      errors: [{ domain: 'calendar', reason: 'pushNotSupportedForRequestedResource' }],
    };
    const { sync, write, pool, connection, stored } = await setUpGoogle({
      through: (sandboxUrl) =>
        startRewritingProxy(
          sandboxUrl,
          (same) => same,
          (path) => {
            if (!path.includes('/events/watch')) return undefined;
            refusals += 1;
            return { status: 400, body: { error } };
          },
        ),
    });
    await write(1, slot);
    for (let polls = 0; polls < 3; polls += 1)
      expect(await sync()).toMatchObject(refusedWith('not_supported'));
    expect(refusals).toBe(1);
    expect(await stored()).toMatchObject([{ isOurs: true }]);
    await pool.query(
      "UPDATE synced_calendars SET synced_at = synced_at - interval '1 day' WHERE connection = $1",
      [connection],
    );
    for (let polls = 0; polls < 3; polls += 1) await sync();
    expect(refusals).toBe(2);
  });
});

const setUpSubscription = async () => {
  const bench = await setUpOutlook();
  await bench.hold(slotIn(10));
  await bench.write(slotIn(10));
  const { repositories, connection, fault } = bench;
  fault('microsoft', { kind: 'lost_answer', operation: 'subscriptions.create', times: 1 });
  return { ...bench, stored: () => repositories.watchSubscriptions.listByConnection(connection) };
};

describe('a subscription of Graph whose answer was lost', () => {
  it('is found in the list of the account, and used', async () => {
    const { sync, subscriptions, stored } = await setUpSubscription();
    expect(await sync()).toMatchObject({ ...refusedWith(undefined), nextPollMs: 900_000 });
    const [opened, ...others] = subscriptions();
    expect(others).toEqual([]);
    expect(await stored()).toMatchObject([{ id: opened?.id, resourceId: 'me/events' }]);
    await sync();
    expect(subscriptions()).toEqual([opened]);
  });

  it('is replaced by the next poll when the list fails as well', async () => {
    const { sync, subscriptions, stored, fault } = await setUpSubscription();
    fault('microsoft', { kind: 'outage', operation: 'subscriptions.list', times: 1 });
    expect(await sync()).toMatchObject(refusedWith('outage'));
    const [opened] = subscriptions();
    expect(await sync()).toMatchObject(refusedWith(undefined));
    const [replacement, ...others] = subscriptions();
    expect(others).toEqual([]);
    expect(replacement?.id).not.toBe(opened?.id);
    expect(await stored()).toMatchObject([{ id: replacement?.id }]);
  });
});

describe('a subscription of Graph that is extended', () => {
  it('stays when the answer states no field', async () => {
    let isRenewing = false;
    const bench = await setUpOutlook({}, (sandboxUrl) =>
      startRewritingProxy(sandboxUrl, (answer, path) =>
        isRenewing && /\/subscriptions\/./.test(path) ? {} : answer,
      ),
    );
    const { hold, write, sync, subscriptions, repositories, connection } = bench;
    await hold(slotIn(10));
    await write(slotIn(10));
    await sync();
    const [opened] = subscriptions();
    isRenewing = true;
    expect(await sync({ lostSubscriptions: [opened?.id ?? ''] })).toMatchObject(refusedWith(undefined));
    expect(subscriptions().map(({ id }) => id)).toEqual([opened?.id]);
    const [stored] = await repositories.watchSubscriptions.listByConnection(connection);
    expect(stored).toMatchObject({ id: opened?.id, isLost: false });
  });
});

describe('a channel of Google that is not needed any more', () => {
  it('is stopped by the next poll when the vendor fails, and the present one stays', async () => {
    const { sync, channels, stored, fault, pool, connection } = await setUpChannel();
    await sync();
    await pool.query(
      `UPDATE watch_subscriptions SET created_at = now() - interval '6 days',
       expires_at = now() + interval '20 hours' WHERE connection = $1`,
      [connection],
    );
    fault('google', { kind: 'outage', operation: 'channels.stop', times: 1 });
    expect(await sync()).toMatchObject(refusedWith(undefined));
    expect(channels()).toHaveLength(2);
    const present = (await stored()).at(-1);
    expect(await sync()).toMatchObject(refusedWith(undefined));
    expect(channels()).toEqual([present?.id]);
    expect(await stored()).toEqual([present]);
  });

  it('is stopped by the next poll when its calendar was removed while the vendor failed', async () => {
    const { sync, channels, stored, fault, pool, connection } = await setUpChannel();
    await sync();
    const [used] = channels();
    await pool.query(
      `UPDATE watch_subscriptions SET calendar_id = 'calendar:removed' WHERE connection = $1`,
      [connection],
    );
    fault('google', { kind: 'outage', operation: 'channels.stop', times: 1 });
    await sync();
    expect(channels()).toHaveLength(2);
    await sync();
    expect(channels()).not.toContain(used);
    expect(await stored()).toMatchObject([{ id: channels()[0] }]);
  });
});
