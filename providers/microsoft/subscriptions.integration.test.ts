import { describe, expect, it } from 'vitest';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { eventually } from '../../tests/harness/eventually.ts';
import { startGraphReceiver } from '../../tests/harness/graph-receiver.ts';
import { setUpOutlookCalendar } from '../../tests/harness/outlook-calendar.ts';
import { createGraphPush } from './subscriptions.ts';

const week = 7 * 86_400_000;
const hour = 3_600_000;

const setup = async () => {
  const outlook = await setUpOutlookCalendar();
  const receiver = await startGraphReceiver();
  const push = createGraphPush(outlook.client);
  const watch = (expiresAt = toInstant(Date.now() + hour), address = `${receiver.url}${push.path}`) =>
    push.watch(
      outlook.connection,
      { calendarId: 'primary', id: 'proposed', secret: 'secret-1', address, expiresAt },
      callContext(),
    );
  const stored = () => outlook.control.state().microsoft.subscriptions;
  return { ...outlook, receiver, push, watch, stored };
};

describe('a subscription to an Outlook mailbox', () => {
  it('is validated, notifies with our secret, and has the id that Graph chose', async () => {
    const { watch, receiver, control, connection, stored } = await setup();
    const { id, resourceId } = await watch();
    expect(id).not.toBe('proposed');
    expect(resourceId).toBe('me/events');
    expect(stored()).toMatchObject([{ id, lifecycleNotificationUrl: expect.any(String) }]);
    expect(receiver.validations).toHaveLength(2);
    const { account } = connection;
    const { eventId } = control.addOutlookEvent({
      account,
      start: '2026-12-01T09:00:00Z',
      end: '2026-12-01T10:00:00Z',
    });
    await eventually(() => receiver.received.length === 1, 5_000);
    expect(receiver.received[0]).toMatchObject({
      subscriptionId: id,
      clientState: 'secret-1',
      changeType: 'created',
      resourceData: { id: eventId },
    });
  });

  it('lasts at most 10,080 minutes, and can be extended until Graph has removed it', async () => {
    const { watch, push, connection, control } = await setup();
    const { id, expiresAt } = await watch(toInstant(Date.now() + week));
    expect(toEpochMs(expiresAt) - Date.now()).toBeGreaterThan(week - hour);
    const renew = () =>
      push.renew?.(connection, { id, expiresAt: toInstant(Date.now() + 2 * week) }, callContext());
    expect(toEpochMs((await renew()) ?? expiresAt)).toBeGreaterThanOrEqual(toEpochMs(expiresAt));
    await control.sendLifecycleEvent({ account: connection.account, event: 'subscriptionRemoved' });
    expect(await renew()).toBeUndefined();
  });

  it('is ended, also repeatedly, and without a request when it was not confirmed', async () => {
    const { watch, push, connection, stored, calls } = await setup();
    const { id, resourceId } = await watch();
    await push.stopWatching(connection, { id: 'proposed' }, callContext());
    expect(calls()['subscriptions.delete']).toBeUndefined();
    await push.stopWatching(connection, { id, resourceId }, callContext());
    await push.stopWatching(connection, { id, resourceId }, callContext());
    expect(stored()).toEqual([]);
  });

  it('is refused while there is another, which is listed by its address until it is ended', async () => {
    const { watch, push, receiver, connection } = await setup();
    const address = `${receiver.url}${push.path}`;
    const { id, expiresAt } = await watch();
    await expect(watch(undefined, `${receiver.url}/other`)).rejects.toMatchObject({
      fault: { kind: 'conflict' },
      vendor: { status: 409 },
    });
    const list = (at: string) => push.list?.(connection, at, callContext());
    expect(await list(address)).toEqual([{ id, resourceId: 'me/events', expiresAt, isRecent: false }]);
    expect(await list(`${receiver.url}/other`)).toEqual([]);
    await push.stopWatching(connection, { id, resourceId: 'me/events' }, callContext());
    const latest = await watch(toInstant(Date.now() + week));
    expect(await list(address)).toMatchObject([{ id: latest.id, isRecent: true }]);
  });

  it('is refused when our receiver cannot be reached', async () => {
    const { watch } = await setup();
    await expect(watch(undefined, 'http://127.0.0.1:9/v1/webhooks/microsoft')).rejects.toMatchObject({
      fault: { kind: 'rejected_input' },
      vendor: { status: 400, code: 'ValidationError' },
    });
  });
});
