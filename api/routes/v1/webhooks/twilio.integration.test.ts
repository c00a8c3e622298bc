/** Twilio's status callbacks and incoming messages: verified, stored, answered. */
import { createHash } from 'node:crypto';
import twilio from 'twilio';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiConfiguration, createTestApi } from '../../../../tests/harness/api.ts';
import { claimFromInbox, createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { localDefaults } from '../../../../tests/harness/local-defaults.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.pool.query('TRUNCATE webhook_inbox'));
afterAll(() => database.drop());

const sid = `SM${'0a'.repeat(16)}`;
const path = '/v1/webhooks/twilio?audition=aud_1&participant=ada&key=k%3A1';
const token: string = localDefaults.TWILIO_AUTH_TOKEN;
const origin = 'https://auditions.example.com';

const setup = async (publicUrl = origin) => {
  const { call } = await createTestApi(database, {
    configuration: {
      ...apiConfiguration,
      publicUrl,
      twilio: { ...apiConfiguration.twilio, previousAuthToken: 'the-token-before' },
    },
  });
  const send = (
    form: Record<string, string>,
    how: { signedWith?: string; calledPath?: string; signedUrl?: string } = {},
  ) => {
    const { signedWith = token, calledPath = path } = how;
    const { signedUrl = `${origin}${calledPath}` } = how;
    return call('POST', calledPath, {
      body: new URLSearchParams(form).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': twilio.getExpectedTwilioSignature(signedWith, signedUrl, form),
      },
    });
  };
  const sendJson = (body: string, signedBody = body) => {
    const calledPath = `${path}&bodySHA256=${createHash('sha256').update(signedBody).digest('hex')}`;
    return call('POST', calledPath, {
      body,
      headers: {
        'content-type': 'application/json',
        'x-twilio-signature': twilio.getExpectedTwilioSignature(token, `${origin}${calledPath}`, {}),
      },
    });
  };
  const stored = () => claimFromInbox(database);
  return { call, send, sendJson, stored };
};

const delivered = { MessageSid: sid, MessageStatus: 'delivered', To: '+15005550006' };

describe('a status callback', () => {
  it('is stored with what its address says, before anything is recorded', async () => {
    const { send, stored } = await setup();
    const failed = { ...delivered, MessageStatus: 'undelivered', ErrorCode: '30003' };
    expect((await send(failed)).status).toBe(204);
    expect(await stored()).toMatchObject([
      {
        provider: 'twilio',
        told: {
          kind: 'message.status',
          event: {
            deliveryId: sid,
            channel: 'sms',
            status: 'failed',
            code: '30003',
            of: { audition: 'aud_1', participant: 'ada' },
          },
        },
      },
    ]);
  });

  it('is stored without a recipient where the address names none', async () => {
    const { send, stored } = await setup();
    expect((await send(delivered, { calledPath: '/v1/webhooks/twilio' })).status).toBe(204);
    const [{ told } = {}] = await stored();
    expect(told?.event).toEqual({ deliveryId: sid, channel: 'sms', status: 'delivered' });
  });

  it('is stored once, however often it comes, and beside another status of the same message', async () => {
    const { send, stored } = await setup();
    await Promise.all([send(delivered), send(delivered)]);
    expect((await send(delivered)).status).toBe(204);
    await send({ ...delivered, MessageStatus: 'failed' });
    expect((await stored()).map(({ told }) => told?.event)).toMatchObject([
      { status: 'delivered' },
      { status: 'failed' },
    ]);
  });

  it('of a message that is still on its way is acknowledged, and costs nothing', async () => {
    const { send, stored } = await setup();
    for (const MessageStatus of ['queued', 'sending', 'sent']) {
      expect((await send({ MessageSid: sid, MessageStatus })).status).toBe(204);
    }
    expect(await stored()).toEqual([]);
  });

  it('is taken as JSON, with the hash of its bytes in the signed address', async () => {
    const { sendJson, stored } = await setup();
    expect((await sendJson(JSON.stringify(delivered))).status).toBe(204);
    expect(await stored()).toMatchObject([{ told: { event: { status: 'delivered' } } }]);
  });

  it('is known by the token before the present one, and by its address with the port', async () => {
    const { send, stored } = await setup();
    const ways = [
      { signedWith: 'the-token-before' },
      { signedUrl: `https://auditions.example.com:443${path}` },
    ];
    for (const way of ways) expect((await send(delivered, way)).status).toBe(204);
    expect(await stored()).toHaveLength(1);
  });
});

it('is known behind a proxy that takes a part of the path away, with its query as it came', async () => {
  const { send, stored } = await setup(`${origin}/castmatch`);
  const calledPath = '/v1/webhooks/twilio?participant=ada&key=k%3a1+2%20~&audition=aud_1&empty=&';
  const signedUrl = `${origin}/castmatch${calledPath}`;
  expect((await send(delivered, { calledPath, signedUrl })).status).toBe(204);
  expect((await send(delivered, { calledPath })).status).toBe(401);
  expect(await stored()).toMatchObject([{ told: { event: { of: { audition: 'aud_1' } } } }]);
});

describe('an incoming message', () => {
  it('is stored', async () => {
    const { send, stored } = await setup();
    expect((await send({ MessageSid: sid, From: '+33612345678', Body: 'Yes!' })).status).toBe(204);
    expect(await stored()).toMatchObject([
      { told: { kind: 'message.received', event: { id: sid, from: '+33612345678', answer: 'accepted' } } },
    ]);
  });
});

describe('what is refused', () => {
  it.each([
    ['signed with another token', { signedWith: 'a-guess' }],
    [
      'signed for another address',
      { signedUrl: `${origin}/v1/webhooks/twilio?audition=aud_2&participant=ada` },
    ],
    ['signed for the address that a proxy made', { signedUrl: `http://10.0.0.7:3000${path}` }],
  ])('with 401: %s', async (_what, how) => {
    const { send, stored } = await setup();
    const { status, body } = await send(delivered, how);
    expect([status, body]).toMatchObject([401, { code: 'unauthenticated' }]);
    expect(await stored()).toEqual([]);
  });

  it('with 401: no signature, and JSON that is another than its hash says', async () => {
    const { call, sendJson, stored } = await setup();
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await call('POST', path, { body: 'a=b', headers: form })).status).toBe(401);
    expect((await sendJson('{"MessageSid":1}', '{"MessageSid":2}')).status).toBe(401);
    expect(await stored()).toEqual([]);
  });

  it('with 400: JSON that is signed and cut short', async () => {
    const { sendJson, stored } = await setup();
    const { status, body } = await sendJson('{"MessageSid":');
    expect([status, body]).toMatchObject([400, { code: 'invalid_body' }]);
    expect(await stored()).toEqual([]);
  });

  it('with 413 and 415: what is too large, and of another type', async () => {
    const { send, call, stored } = await setup();
    expect((await send({ ...delivered, Body: 'x'.repeat(262_144) })).status).toBe(413);
    const xml = { 'content-type': 'application/xml' };
    expect((await call('POST', path, { body: '<a/>', headers: xml })).status).toBe(415);
    expect(await stored()).toEqual([]);
  });
});
