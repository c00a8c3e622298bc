/** Tests Twilio's status callbacks and incoming messages. */
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
  it('is stored with the recipient from its URL, before the message is recorded', async () => {
    const { send, stored } = await setup();
    const failed = { ...delivered, MessageStatus: 'undelivered', ErrorCode: '30003' };
    expect((await send(failed)).status).toBe(204);
    expect(await stored()).toMatchObject([
      {
        provider: 'twilio',
        inboxEvent: {
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

  it('is stored without a recipient when its URL contains none', async () => {
    const { send, stored } = await setup();
    expect((await send(delivered, { calledPath: '/v1/webhooks/twilio' })).status).toBe(204);
    const [{ inboxEvent } = {}] = await stored();
    expect(inboxEvent?.event).toEqual({ deliveryId: sid, channel: 'sms', status: 'delivered' });
  });

  it('is stored once, however often it is sent, and separately for each status of the message', async () => {
    const { send, stored } = await setup();
    await Promise.all([send(delivered), send(delivered)]);
    expect((await send(delivered)).status).toBe(204);
    await send({ ...delivered, MessageStatus: 'failed' });
    expect((await stored()).map(({ inboxEvent }) => inboxEvent?.event)).toMatchObject([
      { status: 'delivered' },
      { status: 'failed' },
    ]);
  });

  it('with an intermediate status is acknowledged and not stored', async () => {
    const { send, stored } = await setup();
    for (const MessageStatus of ['queued', 'sending', 'sent']) {
      expect((await send({ MessageSid: sid, MessageStatus })).status).toBe(204);
    }
    expect(await stored()).toEqual([]);
  });

  it('is accepted as JSON with the hash of its bytes in the signed URL', async () => {
    const { sendJson, stored } = await setup();
    expect((await sendJson(JSON.stringify(delivered))).status).toBe(204);
    expect(await stored()).toMatchObject([{ inboxEvent: { event: { status: 'delivered' } } }]);
  });

  it('is verified with the previous token, and with the port in its URL', async () => {
    const { send, stored } = await setup();
    const variants = [
      { signedWith: 'the-token-before' },
      { signedUrl: `https://auditions.example.com:443${path}` },
    ];
    for (const variant of variants) expect((await send(delivered, variant)).status).toBe(204);
    expect(await stored()).toHaveLength(1);
  });
});

it('a status callback is verified behind a proxy that strips a path prefix, with its query unchanged', async () => {
  const { send, stored } = await setup(`${origin}/castmatch`);
  const calledPath = '/v1/webhooks/twilio?participant=ada&key=k%3a1+2%20~&audition=aud_1&empty=&';
  const signedUrl = `${origin}/castmatch${calledPath}`;
  expect((await send(delivered, { calledPath, signedUrl })).status).toBe(204);
  expect((await send(delivered, { calledPath })).status).toBe(401);
  expect(await stored()).toMatchObject([{ inboxEvent: { event: { of: { audition: 'aud_1' } } } }]);
});

describe('an incoming message', () => {
  it('is stored', async () => {
    const { send, stored } = await setup();
    expect((await send({ MessageSid: sid, From: '+33612345678', Body: 'Yes!' })).status).toBe(204);
    expect(await stored()).toMatchObject([
      {
        inboxEvent: {
          kind: 'message.received',
          event: { id: sid, from: '+33612345678', answer: 'accepted' },
        },
      },
    ]);
  });
});

describe('a webhook of Twilio is rejected', () => {
  it.each([
    ['signed with another token', { signedWith: 'a-guess' }],
    ['signed for another URL', { signedUrl: `${origin}/v1/webhooks/twilio?audition=aud_2&participant=ada` }],
    ['signed for the address that a proxy made', { signedUrl: `http://10.0.0.7:3000${path}` }],
  ])('with 401: %s', async (_case, how) => {
    const { send, stored } = await setup();
    const { status, body } = await send(delivered, how);
    expect([status, body]).toMatchObject([401, { code: 'unauthenticated' }]);
    expect(await stored()).toEqual([]);
  });

  it('with 401: no signature, and JSON that does not match its hash', async () => {
    const { call, sendJson, stored } = await setup();
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await call('POST', path, { body: 'a=b', headers: form })).status).toBe(401);
    expect((await sendJson('{"MessageSid":1}', '{"MessageSid":2}')).status).toBe(401);
    expect(await stored()).toEqual([]);
  });

  it('with 400: signed and truncated JSON', async () => {
    const { sendJson, stored } = await setup();
    const { status, body } = await sendJson('{"MessageSid":');
    expect([status, body]).toMatchObject([400, { code: 'invalid_body' }]);
    expect(await stored()).toEqual([]);
  });

  it('with 413 and 415: a body that is too large or of another media type', async () => {
    const { send, call, stored } = await setup();
    expect((await send({ ...delivered, Body: 'x'.repeat(262_144) })).status).toBe(413);
    const xml = { 'content-type': 'application/xml' };
    expect((await call('POST', path, { body: '<a/>', headers: xml })).status).toBe(415);
    expect(await stored()).toEqual([]);
  });
});
