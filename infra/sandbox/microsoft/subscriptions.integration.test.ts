import { describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/harness/eventually.ts';
import { startGraphReceiver } from '../../../tests/harness/graph-receiver.ts';
import { startGraphSandbox } from '../../../tests/harness/graph-sandbox.ts';

const minute = 60_000;
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * minute).toISOString();

const setup = async (answers: Parameters<typeof startGraphReceiver>[0] = {}) => {
  let ahead = 0;
  const graph = await startGraphSandbox(
    { microsoft: { notificationRetryMs: [100], accessTokenSeconds: 30 * 86_400 } },
    () => Date.now() + ahead,
  );
  const receiver = await startGraphReceiver(answers);
  const path = `${graph.url}/v1.0/subscriptions`;
  const subscribe = (change: object = {}) =>
    graph.call('POST', path, {
      changeType: 'created,updated,deleted',
      notificationUrl: `${receiver.url}/hook`,
      lifecycleNotificationUrl: `${receiver.url}/hook`,
      resource: 'me/events',
      expirationDateTime: inMinutes(60),
      clientState: 'secret',
      ...change,
    });
  const subscribed = async (change?: object) => {
    const { status, body } = await subscribe(change);
    return { status, body, id: String(body.id) };
  };
  const add = () =>
    graph.control.addOutlookEvent({
      account: graph.account,
      start: '2026-12-01T09:00:00Z',
      end: '2026-12-01T10:00:00Z',
    }).eventId;
  const wait = (minutes: number) => {
    ahead += minutes * minute;
  };
  return { ...graph, receiver, path, subscribe, subscribed, add, wait };
};

describe('a subscription of the Outlook sandbox', () => {
  it('notifies of each change after a validation, until it is deleted', async () => {
    const { call, receiver, subscribed, add, path } = await setup();
    const { status, id: subscription } = await subscribed();
    expect(status).toBe(201);
    expect(receiver.validations).toHaveLength(2);
    const id = add();
    await call('DELETE', `/calendar/events/${id}`);
    await eventually(() => receiver.received.length === 2, 5_000);
    expect(receiver.received.map(({ changeType }) => changeType)).toEqual(
      expect.arrayContaining(['created', 'deleted']),
    );
    const proof = { subscriptionId: subscription, clientState: 'secret' };
    expect(receiver.received).toMatchObject([proof, proof]);
    expect((await call('DELETE', `${path}/${subscription}`)).status).toBe(204);
    expect((await call('DELETE', `${path}/${subscription}`)).status).toBe(404);
  });

  it('repeats a notification that the receiver does not accept', async () => {
    const { receiver, subscribe, add } = await setup({ statuses: [401] });
    await subscribe();
    add();
    await eventually(() => receiver.received.length === 2, 5_000);
    expect(receiver.received[1]).toEqual(receiver.received[0]);
  });

  it.each([
    ['an end too far away', { expirationDateTime: inMinutes(10_081) }, 'ValidationError'],
    ['an end in the past', { expirationDateTime: inMinutes(-1) }, 'ValidationError'],
    ['a resource that Graph does not document', { resource: 'me/calendar/events' }, 'RequestBodyRead'],
    ['a long secret', { clientState: 'x'.repeat(129) }, 'RequestBodyRead'],
    ['an unknown change', { changeType: 'moved' }, 'RequestBodyRead'],
    ['a receiver that is not there', { notificationUrl: 'http://127.0.0.1:9/' }, 'ValidationError'],
  ])('is refused with %s', async (_name, change, code) => {
    const { subscribe } = await setup();
    expect(await subscribe(change)).toMatchObject({ status: 400, body: { error: { code } } });
  });

  it.each([
    ['another status', { status: 202, body: '' }],
    ['another text', { status: 200, body: 'token' }],
  ])('is refused when the receiver answers its validation with %s', async (_name, answer) => {
    const { subscribe } = await setup({ validation: () => answer });
    expect(await subscribe()).toMatchObject({ status: 400, body: { error: { code: 'ValidationError' } } });
  });

  it('is refused while another has the same resource and changes, whatever its receiver, secret and end', async () => {
    const { call, path, receiver, subscribe, subscribed } = await setup();
    const { id } = await subscribed();
    const duplicate = () =>
      subscribe({
        changeType: 'deleted,created,updated',
        resource: '/me/events',
        notificationUrl: `${receiver.url}/other`,
        clientState: 'other',
        expirationDateTime: inMinutes(90),
      });
    expect(await duplicate()).toMatchObject({
      status: 409,
      body: {
        error: {
          code: 'ObjectIdentifierInUse',
          message: `Subscription Id ${id} already exists for the requested combination`,
        },
      },
    });
    expect((await subscribe({ changeType: 'created' })).status).toBe(201);
    expect((await call('DELETE', `${path}/${id}`)).status).toBe(204);
    expect((await duplicate()).status).toBe(201);
  });

  it('is created once by requests at the same time', async () => {
    const { subscribe } = await setup();
    const answers = await Promise.all([subscribe(), subscribe()]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
  });

  it('is listed without its secret', async () => {
    const { call, path, receiver, subscribed } = await setup();
    const { id } = await subscribed();
    expect(await call('GET', path)).toMatchObject({
      status: 200,
      body: { value: [{ id, notificationUrl: `${receiver.url}/hook`, clientState: null }] },
    });
  });

  it('lasts at least 45 minutes, and can be extended', async () => {
    const { call, path, subscribed } = await setup();
    const { id, body } = await subscribed({ expirationDateTime: inMinutes(1) });
    expect(Date.parse(String(body.expirationDateTime)) - Date.now()).toBeGreaterThan(44 * minute);
    const renewed = await call('PATCH', `${path}/${id}`, { expirationDateTime: inMinutes(5_000) });
    expect(Date.parse(String(renewed.body.expirationDateTime)) - Date.now()).toBeGreaterThan(4_999 * minute);
  });

  it('is silent after it must be authorized again, until it is', async () => {
    const { call, path, control, account, receiver, subscribed, add } = await setup();
    const { id } = await subscribed();
    await control.sendLifecycleEvent({ account, event: 'reauthorizationRequired' });
    expect(receiver.received).toMatchObject([{ lifecycleEvent: 'reauthorizationRequired' }]);
    add();
    expect((await call('POST', `${path}/${id}/reauthorize`)).status).toBe(204);
    add();
    await eventually(() => receiver.received.length === 2, 5_000);
    expect(receiver.received[1]).toMatchObject({ changeType: 'created' });
  });

  it('ends when Graph removes it, and loses a notification under an outage', async () => {
    const { call, path, control, account, receiver, subscribed, add } = await setup();
    const { id } = await subscribed();
    control.setFault('microsoft', { kind: 'outage', operation: 'subscription.notify', times: 1 });
    add();
    expect(control.state().calls.microsoft['subscription.notify']).toEqual({ lost: 1 });
    await control.sendLifecycleEvent({ account, event: 'subscriptionRemoved' });
    expect(receiver.received).toMatchObject([{ lifecycleEvent: 'subscriptionRemoved' }]);
    expect((await call('GET', `${path}/${id}`)).status).toBe(404);
  });

  it('ends at its expiration without a notice', async () => {
    const { library, control, account, receiver, subscribed, add, wait } = await setup();
    const { id } = await subscribed();
    const notifications = () => control.state().calls.microsoft['subscription.notify'];
    wait(59);
    add();
    await expect.poll(notifications).toEqual({ 202: 1 });
    wait(2);
    add();
    expect(await control.sendLifecycleEvent({ account, event: 'missed' })).toEqual([]);
    expect(control.state().microsoft.subscriptions).toEqual([]);
    expect(receiver.received).toHaveLength(1);
    expect(notifications()).toEqual({ 202: 1 });
    const renewal = { expirationDateTime: inMinutes(600) };
    await expect(library().api(`/subscriptions/${id}`).patch(renewal)).rejects.toMatchObject({
      statusCode: 404,
      code: 'ResourceNotFound',
    });
  });

  it('does not repeat a failed notification after its expiration', async () => {
    const { control, receiver, subscribed, add, wait } = await setup({ statuses: [500] });
    await subscribed();
    add();
    await eventually(() => receiver.received.length === 1, 5_000);
    wait(61);
    await eventually(() => control.state().calls.microsoft['subscription.notify']?.['ended'] === 1, 5_000);
    expect(receiver.received).toHaveLength(1);
  });

  it('repeats and reorders notifications under faults, lifecycle events as well', async () => {
    const { control, account, receiver, subscribed, add } = await setup();
    await subscribed();
    const operation = 'subscription.notify';
    control.setFault('microsoft', { kind: 'duplicate', operation, times: 1 });
    const first = add();
    await eventually(() => receiver.received.length === 2, 5_000);
    expect(receiver.received[1]).toEqual(receiver.received[0]);
    control.setFault('microsoft', { kind: 'reorder', operation, count: 2, times: 2 });
    const [second, third] = [add(), add()];
    await eventually(() => receiver.received.length === 4, 5_000);
    const ids = receiver.received.map(({ resourceData }) => resourceData?.id);
    expect(new Set(ids).size).toBe(3);
    expect(first).not.toBe(second);
    expect(ids.slice(2)).not.toContain(ids[0]);
    expect(third).not.toBe(second);
    control.setFault('microsoft', { kind: 'duplicate', operation: 'subscription.lifecycle', times: 1 });
    await control.sendLifecycleEvent({ account, event: 'missed' });
    expect(receiver.received.slice(4)).toMatchObject([
      { lifecycleEvent: 'missed' },
      { lifecycleEvent: 'missed' },
    ]);
  });

  it('ends with all others through the control API, without a notice', async () => {
    const { url, library, subscribed } = await setup();
    const { id } = await subscribed();
    const ended = await fetch(`${url}/sandbox/microsoft/expire-subscriptions`, { method: 'POST' });
    expect(ended.status).toBe(204);
    await expect(library().api(`/subscriptions/${id}`).get()).rejects.toMatchObject({ statusCode: 404 });
  });
});
