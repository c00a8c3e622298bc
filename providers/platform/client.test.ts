import { getEventListeners } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { startReceiver } from '../../tests/harness/receiver.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createPlatformClient } from './client.ts';
import { signedHeaders } from './signature.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const older = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX';
const message = {
  id: 'msg_aud_1_1',
  body: '{"type":"audition.confirmed","timestamp":"2026-12-01T09:00:00.000Z","data":{}}',
};

const setUp = async ({ allowed = ['127.0.0.0/8'], withinMs = 5_000 } = {}) => {
  const receiver = await startReceiver();
  const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: allowed });
  onTestFinished(() => dispatcher.close());
  const client = createPlatformClient(dispatcher, { withinMs });
  const controller = new AbortController();
  const deliver = (url = receiver.url, secrets = [secret]) =>
    client.deliver({ url, secrets }, message, { signal: controller.signal, correlationId: 'correlation-1' });
  return { receiver, deliver, controller };
};

it("the signature matches the specification's example", () => {
  expect(
    signedHeaders(
      { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' },
      [secret],
      new Date(1_614_265_330_000),
    ),
  ).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

it('a signed webhook is accepted with either secret and with no other', async () => {
  const { receiver, deliver } = await setUp();
  expect(await deliver(receiver.url, [secret, older])).toEqual({ kind: 'accepted', answer: '204' });
  const [received] = receiver.received;
  expect(received?.verify(secret)).toMatchObject({ type: 'audition.confirmed' });
  expect(received?.verify(older)).toMatchObject({ type: 'audition.confirmed' });
  expect(() => received?.verify(`whsec_${Buffer.alloc(24, 7).toString('base64')}`)).toThrow('No matching');
  expect(received?.headers).toMatchObject({
    'content-type': 'application/json',
    'x-correlation-id': 'correlation-1',
  });
});

it.each([
  [200, { kind: 'accepted', answer: '200' }],
  [299, { kind: 'accepted', answer: '299' }],
  [400, { kind: 'failed', answer: '400' }],
  [410, { kind: 'gone', answer: '410' }],
  [500, { kind: 'failed', answer: '500' }],
])('the answer %i is mapped to a delivery result', async (status, receipt) => {
  const { receiver, deliver } = await setUp();
  receiver.answer(status);
  expect(await deliver()).toEqual(receipt);
});

it('the delivery result carries the Retry-After of the receiver', async () => {
  const { receiver, deliver } = await setUp();
  receiver.answer((response) => response.writeHead(503, { 'retry-after': '120' }).end());
  expect(await deliver()).toEqual({ kind: 'failed', answer: '503', retryAfterMs: 120_000 });
});

it('a delivery follows no redirect', async () => {
  const { receiver, deliver } = await setUp();
  const elsewhere = await startReceiver();
  receiver.answer((response) => response.writeHead(307, { location: elsewhere.url }).end());
  expect(await deliver()).toEqual({ kind: 'failed', answer: '307, redirects are not followed' });
  expect(elsewhere.received).toEqual([]);
});

it.each([
  'http://127.0.0.1:9/',
  'http://[::1]:9/',
  'http://169.254.169.254/latest/meta-data/',
  'https://10.0.0.1/',
])('a delivery to %s in a private network is not sent', async (url) => {
  const { receiver, deliver } = await setUp({ allowed: [] });
  const receipt = await deliver(url === 'http://127.0.0.1:9/' ? receiver.url : url);
  expect(receipt).toEqual({
    kind: 'failed',
    answer: 'not sent: the address is not public, or is not https',
  });
  expect(receiver.received).toEqual([]);
});

it('a delivery times out when the receiver does not answer', async () => {
  const { receiver, deliver } = await setUp({ withinMs: 100 });
  receiver.answer(() => {});
  expect(await deliver()).toEqual({ kind: 'failed', answer: 'no answer in time' });
});

it('a failed delivery reports the system error code', async () => {
  const { deliver } = await setUp();
  expect(await deliver('http://127.0.0.1:1/')).toEqual({ kind: 'failed', answer: 'no answer: ECONNREFUSED' });
});

it('the status decides the delivery result, and an endless body is not read', async () => {
  const { receiver, deliver } = await setUp();
  const { promise: closed, resolve } = Promise.withResolvers<number>();
  receiver.answer((response) => {
    let written = 0;
    response.writeHead(200);
    const pour = () => {
      while (!response.destroyed && response.write(Buffer.alloc(16_384))) written += 16_384;
    };
    response.on('drain', pour).on('close', () => resolve(written));
    pour();
  });
  expect(await deliver()).toEqual({ kind: 'accepted', answer: '200' });
  // The buffers of both sides, not the whole body.
  expect(await closed).toBeLessThan(16 * 1024 * 1024);
});

it('a cancelled delivery throws the abort reason and leaves no listener', async () => {
  const { receiver, deliver, controller } = await setUp();
  await deliver();
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  receiver.answer(() => controller.abort(new Error('the worker goes down')));
  await expect(deliver()).rejects.toThrow('the worker goes down');
});
