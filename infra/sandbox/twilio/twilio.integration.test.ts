import { once } from 'node:events';
import { createServer } from 'node:http';
import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../sandbox.ts';
import type { SandboxOptions } from '../settings.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map(async (close) => close()));
});

const authToken = 'sandbox-twilio-token';
const accountSid = 'AC00000000000000000000000000005a5a';
const messagingServiceSid = 'MG00000000000000000000000000005a5a';
const to = '+33612345678';

/** Twilio's client library with its requests redirected to the sandbox. */
class LocalClient extends twilio.RequestClient {
  readonly origin: string;

  constructor(origin: string) {
    super();
    this.origin = origin;
  }

  override async request<Data>(options: RequestClient.RequestOptions<Data>) {
    const uri = options.uri.replace('https://api.twilio.com', this.origin);
    return super.request<Data>({ ...options, uri });
  }
}

const setup = async (options: SandboxOptions['twilio'] = {}) => {
  const sandbox: Sandbox = await startSandbox({
    twilio: { statusDelayMs: 5, callbackRetryMs: [5, 5], ...options },
  });
  closing.push(async () => sandbox.close());
  const connect = (token = authToken) =>
    twilio(accountSid, token, { httpClient: new LocalClient(sandbox.url) });
  return { sandbox, connect, client: connect() };
};

interface Received {
  readonly parameters: Record<string, string>;
  readonly signed: boolean;
}

/**
 * Starts a webhook receiver that checks signatures with Twilio's own function. Answers the given statuses in
 * turn, then 204.
 */
const receiver = async (...statuses: number[]) => {
  const received: Received[] = [];
  let url = '';
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const parameters = Object.fromEntries(new URLSearchParams(body));
      const header = request.headers['x-twilio-signature'];
      const signed = twilio.validateRequest(authToken, String(header), url, parameters);
      received.push({ parameters, signed });
      response.writeHead(statuses.shift() ?? 204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/status?audition=1`;
  return { url, received };
};

describe('messages of the Twilio sandbox', () => {
  it('are queued first and delivered later', async () => {
    const { client } = await setup();
    const message = await client.messages.create({ to, from: '+15005550006', body: 'Your audition' });
    expect(message).toMatchObject({ status: 'queued', to, direction: 'outbound-api', errorCode: null });
    expect(message.sid).toMatch(/^SM[0-9a-f]{32}$/);
    await vi.waitFor(async () => {
      expect(await client.messages(message.sid).fetch()).toMatchObject({
        status: 'delivered',
        dateSent: expect.any(Date),
      });
    });
  });

  it('can be sent by the messaging service', async () => {
    const { client } = await setup();
    const message = await client.messages.create({ to, messagingServiceSid, body: 'Your audition' });
    expect(message).toMatchObject({ status: 'accepted', messagingServiceSid });
  });

  it('report each status in order with a valid signature', async () => {
    const { client, sandbox } = await setup();
    const { url, received } = await receiver();
    const { sid } = await client.messages.create({
      to,
      messagingServiceSid,
      body: 'Hi',
      statusCallback: url,
    });
    await vi.waitFor(() => expect(received).toHaveLength(3));
    expect(received.map(({ parameters }) => parameters['MessageStatus'])).toEqual([
      'queued',
      'sent',
      'delivered',
    ]);
    expect(received.every(({ signed }) => signed)).toBe(true);
    expect(received[0]?.parameters).toMatchObject({ MessageSid: sid, AccountSid: accountSid, To: to });
    await vi.waitFor(() =>
      expect(sandbox.control.state().twilio.messages[0]?.callbacks).toEqual([
        'queued 204',
        'sent 204',
        'delivered 204',
      ]),
    );
  });

  it('repeat a status report when the receiver fails and the URL asks for it, which is not signed', async () => {
    const { client } = await setup();
    const { url, received } = await receiver(500, 503);
    const statusCallback = `${url}#rc=2&rp=5xx,ct`;
    await client.messages.create({ to, from: '+15005550006', body: 'Hi', statusCallback });
    await vi.waitFor(() => expect(received).toHaveLength(4));
    expect(received.map(({ parameters, signed }) => [parameters['MessageStatus'], signed])).toEqual([
      ['sent', true],
      ['sent', true],
      ['sent', true],
      ['delivered', true],
    ]);
  });

  it.each([
    ['without overrides', ''],
    ['with fewer retries', '#rc=0&rp=5xx'],
    ['with another policy', '#rc=5&rp=4xx'],
  ])('do not repeat a refused status report to a URL %s', async (_what, fragment) => {
    const { client } = await setup();
    const { url, received } = await receiver(500);
    const statusCallback = `${url}${fragment}`;
    await client.messages.create({ to, from: '+15005550006', body: 'Hi', statusCallback });
    await vi.waitFor(() => expect(received).toHaveLength(2));
    expect(received.map(({ parameters }) => parameters['MessageStatus'])).toEqual(['sent', 'delivered']);
  });

  it('lose a status report under an outage of status.callback', async () => {
    const { client, sandbox } = await setup();
    const { url, received } = await receiver();
    sandbox.control.setFault('twilio', { kind: 'outage', operation: 'status.callback', times: 1 });
    await client.messages.create({ to, from: '+15005550006', body: 'Hi', statusCallback: url });
    await vi.waitFor(() => expect(received).toHaveLength(1));
    expect(received[0]?.parameters['MessageStatus']).toBe('delivered');
  });

  it('to the magic number +15005530003 are undelivered with error 30003', async () => {
    const { client } = await setup();
    const { url, received } = await receiver();
    await client.messages.create({
      to: '+15005530003',
      from: '+15005550006',
      body: 'Hi',
      statusCallback: url,
    });
    await vi.waitFor(() => expect(received).toHaveLength(2));
    expect(received[1]?.parameters).toMatchObject({ MessageStatus: 'undelivered', ErrorCode: '30003' });
  });

  it.each(['30001', '30002'])('with the code %s fail before they are sent', async (code) => {
    const { client } = await setup();
    const { url, received } = await receiver();
    await client.messages.create({
      to: `+150055${code}`,
      from: '+15005550006',
      body: 'Hi',
      statusCallback: url,
    });
    await vi.waitFor(() => expect(received).toHaveLength(1));
    expect(received[0]?.parameters).toMatchObject({ MessageStatus: 'failed', ErrorCode: code });
  });

  it.each([
    ['a malformed number', { to: '12' }, 21211],
    ['the invalid magic number', { to: '+15005550001' }, 21211],
    ['the opted-out magic number', { to: '+15005550004' }, 21610],
    ['the magic number that is not a mobile number', { to: '+15005550009' }, 21614],
    ['a text over 1600 characters', { body: 'x'.repeat(1601) }, 21617],
    ['no sender', { from: undefined }, 21603],
    ['a sender that is not a number', { from: 'CastMatch' }, 21212],
    ['an unknown messaging service', { from: undefined, messagingServiceSid: 'MGother' }, 21701],
    ['a callback that is not a URL', { statusCallback: 'here' }, 21609],
  ])('are refused for %s', async (_what, change, code) => {
    const { client, sandbox } = await setup();
    const call = client.messages.create({ to, from: '+15005550006', body: 'Hi', ...change });
    await expect(call).rejects.toMatchObject({
      code,
      moreInfo: `https://www.twilio.com/docs/errors/${code}`,
    });
    expect(sandbox.control.state().twilio.messages).toEqual([]);
  });

  it('answer 401 for a wrong auth token and 404 for an unknown id', async () => {
    const { client, connect } = await setup();
    await expect(connect('wrong').messages.list()).rejects.toMatchObject({ status: 401, code: 20003 });
    await expect(client.messages('SM00').fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
  });
});

describe('the message list of the Twilio sandbox', () => {
  it('filters by number and date and returns pages, newest first', async () => {
    const { client } = await setup();
    const since = new Date(Date.now() - 60_000);
    for (const body of ['one', 'two', 'three'])
      await client.messages.create({ to, messagingServiceSid, body });
    await client.messages.create({ to: '+33600000000', messagingServiceSid, body: 'other' });
    const bodies = async (filter: object) =>
      (await client.messages.list({ pageSize: 2, ...filter })).map((message) => message.body);
    expect(await bodies({ to, dateSentAfter: since })).toEqual(['three', 'two', 'one']);
    expect(await bodies({ to, dateSentBefore: since })).toEqual([]);
    expect(await bodies({ to, dateSent: new Date() })).toHaveLength(3);
    expect(await bodies({ to, dateSent: new Date('2020-01-01') })).toEqual([]);
    expect(await bodies({ from: '+15005550006' })).toHaveLength(4);
  });
});

describe('texts from phones in the Twilio sandbox', () => {
  it('are sent to the webhook with a signature', async () => {
    const { url, received } = await receiver();
    const { sandbox, client } = await setup({ inboundUrl: url });
    const { sid, webhook } = await sandbox.control.receiveText({ from: to, body: 'YES please' });
    expect(webhook).toBe('204');
    expect(received).toMatchObject([
      { signed: true, parameters: { MessageSid: sid, From: to, Body: 'YES please' } },
    ]);
    expect((await client.messages.list({ from: to }))[0]).toMatchObject({
      direction: 'inbound',
      status: 'received',
    });
  });

  it('opt the number out with STOP and in with START', async () => {
    const { sandbox, client } = await setup();
    const send = async () => client.messages.create({ to, messagingServiceSid, body: 'Hi' });
    await sandbox.control.receiveText({ from: to, body: 'Stop' });
    await expect(send()).rejects.toMatchObject({ code: 21610 });
    await sandbox.control.receiveText({ from: to, body: 'start' });
    await expect(send()).resolves.toMatchObject({ to });
  });
});
