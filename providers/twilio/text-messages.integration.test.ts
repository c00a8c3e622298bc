import { inspect } from 'node:util';
import Fastify from 'fastify';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Instant } from '../../domain/time/instant.ts';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import type { TextMessage } from '../ports.ts';
import { createTwilioClient } from './client.ts';
import { createTwilioCheck } from './health.ts';
import { createTwilioTextMessages } from './text-messages.ts';
import { isSignedByTwilio, readForm, readStatusReport } from './webhooks.ts';

const message: TextMessage = {
  to: '+33612345678',
  body: 'Your audition is on Tuesday at 10:00. Ref K7WQ2M',
  reference: 'K7WQ2M',
};
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
    storedMessages: () => control.state().twilio.messages,
    calls: () => control.state().calls.twilio,
  };
};

describe('the status of a text message', () => {
  test('is read with the code of the error', async () => {
    const { twilio } = await setup({ twilio: { statusDelayMs: 1 } });
    const { id } = await twilio.send({ ...message, to: '+15005530003' }, callContext());
    const answer = () => twilio.statusOf(id, callContext());
    await expect.poll(answer).toEqual({ status: 'failed', code: '30003' });
  });

  test('is queued before the message is sent', async () => {
    const { twilio } = await setup({ twilio: { statusDelayMs: 60_000 } });
    const { id } = await twilio.send(message, callContext());
    expect(await twilio.statusOf(id, callContext())).toEqual({ status: 'queued' });
  });

  test('of an unknown message is not found', async () => {
    const { twilio } = await setup();
    await expect(twilio.statusOf(`SM${'0'.repeat(32)}`, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_found' },
    });
  });
});

describe('a text message', () => {
  test('is sent through the messaging service', async () => {
    const { twilio, storedMessages } = await setup();
    const { id } = await twilio.send(message, callContext());
    expect(storedMessages()).toMatchObject([
      { sid: id, to: message.to, body: message.body, messaging_service_sid: credentials.messagingServiceSid },
    ]);
  });

  test('is found immediately, while it is queued', async () => {
    const { twilio } = await setup({ twilio: { statusDelayMs: 60_000 } });
    const { id } = await twilio.send(message, callContext());
    expect(await twilio.find(message, aMinuteAgo(), callContext())).toEqual({ id });
  });

  test('is found by its reference when the surrounding text has changed', async () => {
    const { twilio } = await setup();
    const body = 'Votre audition. Réf. K7WQ2M Reply STOP to unsubscribe';
    const { id } = await twilio.send({ ...message, body }, callContext());
    expect(await twilio.find(message, aMinuteAgo(), callContext())).toEqual({ id });
  });

  test('is found despite clock differences', async () => {
    const { twilio } = await setup();
    const { id } = await twilio.send(message, callContext());
    expect(await twilio.find(message, ago(-3_600_000), callContext())).toEqual({ id });
  });

  test('has an unknown outcome when the account keeps no texts, and is absent when there is no message', async () => {
    const { twilio } = await setup({ twilio: { redactsBodies: true, statusDelayMs: 0 } });
    expect(await twilio.find(message, aMinuteAgo(), callContext())).toBeUndefined();
    await twilio.send(message, callContext());
    await vi.waitFor(async () => {
      expect(await twilio.find(message, aMinuteAgo(), callContext())).toBe('unknown');
    });
    expect(await twilio.find(message, ago(-3_600_000), callContext())).toBeUndefined();
  });

  test.each([
    ['is found by its reference when the account keeps no complete numbers', false, undefined],
    ['has an unknown outcome when the account keeps neither texts nor complete numbers', true, 'unknown'],
  ])('%s', async (_, redactsBodies, outcome) => {
    const { twilio, calls } = await setup({
      twilio: { redactsBodies, redactsNumbers: true, statusDelayMs: 0 },
    });
    const find = (one: typeof message) => twilio.find(one, aMinuteAgo(), callContext());
    const others = [
      { ...message, to: '+33699999999' },
      { ...message, reference: 'K7WQ2N' },
    ];
    for (const other of [message, ...others]) expect(await find(other)).toBeUndefined();
    const { id } = await twilio.send(message, callContext());
    await expect.poll(async () => (await twilio.statusOf(id, callContext())).status).toBe('delivered');
    expect(await find(message)).toEqual(outcome ?? { id });
    expect(await find({ ...message, to: '+33699999999' })).toBeUndefined();
    expect(await twilio.find(message, ago(-3_600_000), callContext())).toBeUndefined();
    expect(calls()['messages.list']?.[200]).toBeGreaterThan(8);
  });

  test('is not found by another reference or number', async () => {
    const { twilio } = await setup();
    await twilio.send(message, callContext());
    await twilio.send({ ...message, body: 'Ref K7WQ2MX' }, callContext());
    const other = { ...message, reference: 'K7WQ2N' };
    expect(await twilio.find(other, aMinuteAgo(), callContext())).toBeUndefined();
    expect(
      await twilio.find({ ...message, to: '+33612345679' }, aMinuteAgo(), callContext()),
    ).toBeUndefined();
  });

  test('is found beyond the first page', async () => {
    const { twilio, calls } = await setup();
    const { id } = await twilio.send(message, callContext());
    for (let index = 0; index < 250; index += 1) {
      await twilio.send({ ...message, body: `Another, ${index}` }, callContext());
    }
    expect(await twilio.find(message, aMinuteAgo(), callContext())).toEqual({ id });
    expect(calls()['messages.list']).toEqual({ 200: 2 });
  });

  test('gets a status callback signed for the callback address', async () => {
    const received: unknown[] = [];
    const app = Fastify();
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, text, done) => done(null, String(text)),
    );
    app.post('/v1/webhooks/twilio', async ({ body, headers, url }, reply) => {
      const form = readForm(String(body));
      const signature = String(headers['x-twilio-signature']);
      const genuine = isSignedByTwilio({
        authTokens: [credentials.authToken],
        signature,
        url: `${origin}${url}`,
        content: { kind: 'form', fields: form },
      });
      received.push({ genuine, report: readStatusReport(form) });
      return reply.code(204).send();
    });
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => app.close());

    const { twilio } = await setup({ twilio: { statusDelayMs: 5 } });
    const key = encodeURIComponent('audition/aud_1:invitation:ada:sms:r1');
    const statusCallback = `${origin}/v1/webhooks/twilio?audition=aud_1&key=${key}`;
    const { id: deliveryId } = await twilio.send({ ...message, statusCallback }, callContext());
    await expect
      .poll(() => received)
      .toContainEqual({ genuine: true, report: { deliveryId, status: 'delivered' } });
  });
});

describe('a failing Twilio', () => {
  test('leaves one message after a lost answer, found by the next attempt', async () => {
    const { twilio, control, storedMessages } = await setup();
    control.setFault('twilio', { kind: 'lost_answer', times: 1 });
    await expect(twilio.send(message, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
    const found = await twilio.find(message, aMinuteAgo(), callContext());
    expect(storedMessages().map(({ sid }) => ({ id: sid }))).toEqual([found]);
  });

  test('is called once during an outage', async () => {
    const { twilio, control, calls } = await setup();
    control.setFault('twilio', { kind: 'outage' });
    await expect(twilio.send(message, callContext())).rejects.toMatchObject({ fault: { kind: 'outage' } });
    expect(calls()['messages.create']).toEqual({ 503: 1 });
  });

  test('reports the delay of a rate limit', async () => {
    const { twilio, control } = await setup();
    control.setFault('twilio', { kind: 'rate_limit', retryAfterSeconds: 9 });
    await expect(twilio.send(message, callContext())).rejects.toMatchObject({
      fault: { kind: 'retry_after', delayMs: 9_000 },
    });
  });

  test('reports wrong credentials as misconfigured', async () => {
    const { url } = await setup();
    const twilio = providerOf(url, { authToken: 'wrong' });
    await expect(twilio.send(message, callContext())).rejects.toMatchObject({
      fault: { kind: 'misconfigured' },
    });
  });

  test('reports an invalid number as rejected input, without the number in the error', async () => {
    const { twilio } = await setup();
    const error: unknown = await twilio
      .send({ ...message, to: '+15005550001' }, callContext())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ fault: { kind: 'rejected_input' }, vendor: { code: '21211' } });
    expect(inspect(error, { depth: 10 })).not.toMatch(/5005550001|sandbox-twilio-token|Tuesday/);
  });

  test('leaves the effect unknown after a timeout', async () => {
    const { twilio, control } = await setup();
    control.setFault('twilio', { kind: 'latency', latencyMs: 5_000 });
    const started = performance.now();
    const late = { signal: AbortSignal.timeout(100), correlationId: 'corr-1' };
    await expect(twilio.send(message, late)).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('reports a cancelled call as a retry, not as an outage', async () => {
    const { twilio, storedMessages } = await setup();
    const cancelled = { signal: AbortSignal.abort(), correlationId: 'corr-1' };
    await expect(twilio.send(message, cancelled)).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
    });
    expect(storedMessages()).toEqual([]);
  });

  test('reports an unreachable server as without effect', async () => {
    await expect(providerOf('http://127.0.0.1:1').send(message, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'none' },
    });
  });

  test('reports a gateway’s error page as an outage', async () => {
    const app = Fastify();
    app.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume();
      done(null);
    });
    app.post('/*', async (_request, reply) => reply.code(502).type('text/html').send('<html></html>'));
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => app.close());
    await expect(providerOf(url).send(message, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
  });
});

/** A Twilio that answers every list request with this page, optionally followed by another page. */
const listing = async (messages: readonly object[], next?: string) => {
  const app = Fastify();
  let pages = 0;
  app.get('/*', async () => {
    pages += 1;
    return { messages, next_page_uri: next ?? null, page_size: 200 };
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  return { twilio: providerOf(url), pages: () => pages };
};
const next = '/2010-04-01/Accounts/AC00000000000000000000000000005a5a/Messages.json?Page=1';

describe('a list of messages', () => {
  test.each([null, 'the day before yesterday'])('can contain unreadable dates: %s', async (date_created) => {
    const { twilio } = await listing([
      { sid: 'SM1', body: null, date_created },
      { sid: 'SM2', body: message.body, date_created },
    ]);
    expect(await twilio.find(message, aMinuteAgo(), callContext())).toEqual({ id: 'SM2' });
  });

  test('is read until its messages are far older than the first attempt', async () => {
    const { twilio, pages } = await listing(
      [{ sid: 'SM1', body: 'Another', date_created: 'Thu, 24 Aug 2023 05:01:45 +0000' }],
      next,
    );
    expect(await twilio.find(message, aMinuteAgo(), callContext())).toBeUndefined();
    // One page of those to the number, and one of those whose number could be redacted.
    expect(pages()).toBe(2);
  });

  test('without an end is an error', async () => {
    const { twilio } = await listing([{ sid: 'SM1', body: 'Another', date_created: null }], next);
    await expect(twilio.find(message, aMinuteAgo(), callContext())).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
    });
  });
});

test('a 503 of Twilio reports its Retry-After', async () => {
  const { twilio, control } = await setup();
  control.setFault('twilio', { kind: 'outage', retryAfterSeconds: 9 });
  await expect(twilio.send(message, callContext())).rejects.toMatchObject({
    fault: { kind: 'outage', delayMs: 9_000 },
  });
});

describe('the health check of Twilio', () => {
  test('passes with valid credentials and fails with invalid ones', async () => {
    const { url } = await setup();
    const checkOf = (change: Partial<typeof credentials>) =>
      createTwilioCheck(createTwilioClient({ apiUrl: url, ...credentials, ...change }));
    await expect(checkOf({})()).resolves.toBeUndefined();
    await expect(checkOf({ authToken: 'wrong' })()).rejects.toMatchObject({
      fault: { kind: 'misconfigured' },
    });
  });
});
