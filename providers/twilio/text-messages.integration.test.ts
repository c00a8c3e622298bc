import { inspect } from 'node:util';
import Fastify from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Instant } from '../../domain/time/instant.ts';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { CallContext, TextMessage } from '../ports.ts';
import { createTwilioClient } from './client.ts';
import { createTwilioCheck } from './health.ts';
import { createTwilioTextMessages } from './text-messages.ts';
import { isFromTwilio, readStatusReport } from './webhooks.ts';

const message: TextMessage = { to: '+33612345678', body: 'Your audition is on Tuesday at 10:00.' };
const calling = (): CallContext => ({ signal: new AbortController().signal, correlationId: 'corr-1' });
const ago = (milliseconds: number): Instant =>
  `${new Date(Date.now() - milliseconds).toISOString().slice(0, -1)}Z`;
const aMinuteAgo = () => ago(60_000);

const credentials = {
  accountSid: 'AC00000000000000000000000000005a5a',
  authToken: 'sandbox-twilio-token',
  messagingServiceSid: 'MG00000000000000000000000000005a5a',
};

const providerOf = (apiUrl: string, change: Partial<typeof credentials> = {}) => {
  const settings = { apiUrl, ...credentials, ...change };
  return createTwilioTextMessages(createTwilioClient(settings), settings.messagingServiceSid);
};

const setup = async (options: Parameters<typeof startSandbox>[0] = {}) => {
  const sandbox = await startSandbox(options);
  onTestFinished(() => sandbox.close());
  const { control, url } = sandbox;
  return {
    url,
    control,
    twilio: providerOf(url),
    held: () => control.state().twilio.messages,
    calls: () => control.state().calls.twilio,
  };
};

describe('a text message', () => {
  test('is sent through the messaging service', async () => {
    const { twilio, held } = await setup();
    const { id } = await twilio.send(message, calling());
    expect(held()).toMatchObject([
      { sid: id, to: message.to, body: message.body, messaging_service_sid: credentials.messagingServiceSid },
    ]);
  });

  test('is found at once, while it still waits to be sent', async () => {
    const { twilio } = await setup({ twilio: { statusDelayMs: 60_000 } });
    const { id } = await twilio.send(message, calling());
    expect(await twilio.find(message, aMinuteAgo(), calling())).toEqual({ id });
  });

  test('is not taken for another text, another number, or an older one', async () => {
    const { twilio } = await setup();
    await twilio.send(message, calling());
    expect(await twilio.find({ ...message, body: 'Another' }, aMinuteAgo(), calling())).toBeUndefined();
    expect(await twilio.find({ ...message, to: '+33612345679' }, aMinuteAgo(), calling())).toBeUndefined();
    expect(await twilio.find(message, ago(-3_600_000), calling())).toBeUndefined();
  });

  test('reports what became of it, signed over the address it was given', async () => {
    const received: unknown[] = [];
    const app = Fastify();
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, text, done) => done(null, Object.fromEntries(new URLSearchParams(String(text)))),
    );
    app.post('/v1/webhooks/twilio', async ({ body, headers, url }, reply) => {
      const form = Object.fromEntries(Object.entries(Object(body)));
      const signature = String(headers['x-twilio-signature']);
      const { authToken } = credentials;
      const genuine = isFromTwilio({ authToken, signature, url: `${origin}${url}`, form });
      received.push({ genuine, report: readStatusReport(form) });
      return reply.code(204).send();
    });
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => app.close());

    const { twilio } = await setup({ twilio: { statusDelayMs: 5 } });
    const statusCallback = `${origin}/v1/webhooks/twilio?delivery=1`;
    const { id: deliveryId } = await twilio.send({ ...message, statusCallback }, calling());
    await expect
      .poll(() => received)
      .toContainEqual({ genuine: true, report: { deliveryId, status: 'delivered' } });
  });
});

describe('when Twilio is in trouble', () => {
  test('a lost answer leaves one message, found by the next attempt', async () => {
    const { twilio, control, held } = await setup();
    control.setFault('twilio', { kind: 'lost_answer', times: 1 });
    await expect(twilio.send(message, calling())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
    const found = await twilio.find(message, aMinuteAgo(), calling());
    expect(held().map(({ sid }) => sid)).toEqual([found?.id]);
  });

  test('an outage is tried once and no more', async () => {
    const { twilio, control, calls } = await setup();
    control.setFault('twilio', { kind: 'outage' });
    await expect(twilio.send(message, calling())).rejects.toMatchObject({ fault: { kind: 'outage' } });
    expect(calls()['messages.create']).toEqual({ 503: 1 });
  });

  test('a limit names its time', async () => {
    const { twilio, control } = await setup();
    control.setFault('twilio', { kind: 'rate_limit', retryAfterSeconds: 9 });
    await expect(twilio.send(message, calling())).rejects.toMatchObject({
      fault: { kind: 'retry_after', delayMs: 9_000 },
    });
  });

  test('wrong credentials are the operator’s affair', async () => {
    const { url } = await setup();
    const twilio = providerOf(url, { authToken: 'wrong' });
    await expect(twilio.send(message, calling())).rejects.toMatchObject({ fault: { kind: 'misconfigured' } });
  });

  test('a number that is none is rejected input, and is not repeated in the error', async () => {
    const { twilio } = await setup();
    const error: unknown = await twilio
      .send({ ...message, to: '+15005550001' }, calling())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ fault: { kind: 'rejected_input' }, vendor: { code: '21211' } });
    expect(inspect(error, { depth: 10 })).not.toMatch(/5005550001|sandbox-twilio-token|Tuesday/);
  });

  test('an answer that does not come in time leaves the effect open, and is not waited for', async () => {
    const { twilio, control } = await setup();
    control.setFault('twilio', { kind: 'latency', latencyMs: 5_000 });
    const started = performance.now();
    const late = { signal: AbortSignal.timeout(100), correlationId: 'corr-1' };
    await expect(twilio.send(message, late)).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('a call that is called off is nobody’s outage', async () => {
    const { twilio, held } = await setup();
    const cancelled = { signal: AbortSignal.abort(), correlationId: 'corr-1' };
    await expect(twilio.send(message, cancelled)).rejects.toMatchObject({ fault: { kind: 'retry' } });
    expect(held()).toEqual([]);
  });

  test('a server that is not there leaves no effect', async () => {
    await expect(providerOf('http://127.0.0.1:1').send(message, calling())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'none' },
    });
  });

  test('a gateway’s error page is an outage', async () => {
    const app = Fastify();
    app.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume();
      done(null);
    });
    app.post('/*', async (_request, reply) => reply.code(502).type('text/html').send('<html></html>'));
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => app.close());
    await expect(providerOf(url).send(message, calling())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
  });
});

describe('the health check', () => {
  test('is content when Twilio knows us, and complains when it does not', async () => {
    const { url } = await setup();
    const checkOf = (change: Partial<typeof credentials>) =>
      createTwilioCheck(createTwilioClient({ apiUrl: url, ...credentials, ...change }));
    await expect(checkOf({})()).resolves.toBeUndefined();
    await expect(checkOf({ authToken: 'wrong' })()).rejects.toMatchObject({
      fault: { kind: 'misconfigured' },
    });
  });
});
