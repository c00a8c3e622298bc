/** Tests that forged webhooks cost no statement, whichever way they are forged, and that each is counted for its address. */
import { createHmac } from 'node:crypto';
import twilio from 'twilio';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { apiConfiguration, createTestApi } from '../../../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const replySecret = 'the-secret-of-received-mail';
const now = Date.parse('2026-11-24T09:00:00.000Z') / 1000;

const setup = async () => {
  const { call } = await createTestApi(database, {
    configuration: {
      ...apiConfiguration,
      smtp: {
        ...apiConfiguration.smtp,
        replies: { address: 'replies@in.example.com', secrets: [replySecret] },
      },
    },
  });
  const query = vi.spyOn(database.pool, 'query');
  const connect = vi.spyOn(database.pool, 'connect');
  return { call, statements: () => query.mock.calls.length + connect.mock.calls.length };
};

const zoomBody = JSON.stringify({
  event: 'meeting.started',
  event_ts: 1,
  payload: { object: { id: '1', uuid: 'u' } },
});
const zoomSigned = (secret: string, seconds: number, signed = zoomBody) => ({
  'x-zm-request-timestamp': String(seconds),
  'x-zm-signature': `v0=${createHmac('sha256', secret).update(`v0:${seconds}:${signed}`).digest('hex')}`,
});
const zoomSecret = apiConfiguration.zoom?.webhookSecrets[0] ?? '';

const mailBody = JSON.stringify({ type: 'email.bounced', data: { message_id: '<a@b>' } });
const standard = (signature: string, timestamp = String(now)) => ({
  'webhook-id': 'msg_1',
  'webhook-timestamp': timestamp,
  'webhook-signature': signature,
});

const form = 'MessageSid=SM1&MessageStatus=delivered';
const formType = { 'content-type': 'application/x-www-form-urlencoded' };
const twilioSigned = (token: string) => ({
  ...formType,
  'x-twilio-signature': twilio.getExpectedTwilioSignature(
    token,
    'https://auditions.example.com/v1/webhooks/twilio',
    Object.fromEntries(new URLSearchParams(form)),
  ),
});

const channel = {
  'x-goog-channel-id': 'channel-1',
  'x-goog-resource-id': 'resource-1',
  'x-goog-resource-state': 'exists',
  'x-goog-message-number': '1',
};
const graph = (clientState: unknown) =>
  JSON.stringify({ value: [{ subscriptionId: 's', clientState, changeType: 'updated', resource: 'r' }] });
/** The form of a secret of ours, which was not issued. */
const invented = `${'a'.repeat(22)}.ref1:${'b'.repeat(43)}`;
const authorization = (credentials: string) => ({ authorization: credentials });

it.each<[string, string, string | undefined, Record<string, string>]>([
  ['zoom: no header', 'zoom', zoomBody, {}],
  ['zoom: another secret', 'zoom', zoomBody, zoomSigned('another-secret', now)],
  ['zoom: an old timestamp', 'zoom', zoomBody, zoomSigned(zoomSecret, now - 7_200)],
  ['zoom: a changed body', 'zoom', zoomBody, zoomSigned(zoomSecret, now, '{}')],
  ['zoom: no JSON', 'zoom', '{', zoomSigned('another-secret', now)],
  ['zoom: no body', 'zoom', undefined, {}],
  ['twilio: no header', 'twilio', form, formType],
  ['twilio: another token', 'twilio', form, twilioSigned('another-token')],
  ['twilio: a changed form', 'twilio', `${form}&x=1`, twilioSigned(apiConfiguration.twilio?.authToken ?? '')],
  ['twilio: JSON', 'twilio', '{}', { 'x-twilio-signature': 'a' }],
  ['mail: no header', 'mail', mailBody, {}],
  ['mail: another signature', 'mail', mailBody, standard(`v1,${'A'.repeat(43)}=`)],
  ['mail: an old timestamp', 'mail', mailBody, standard(`v1,${'A'.repeat(43)}=`, '1')],
  [
    'received mail: no header',
    'mail/inbound',
    'From: a@b.example\r\n\r\nx',
    { 'content-type': 'message/rfc822' },
  ],
  ['received mail: Basic', 'mail/inbound', '{}', authorization(`Basic ${btoa('mail:wrong')}`)],
  ['received mail: Bearer', 'mail/inbound', '{}', authorization('Bearer wrong')],
  ['received mail: of Mailgun', 'mail/inbound', 'timestamp=1&token=a&signature=b&body-mime=x', formType],
  ['google: no header', 'google', undefined, {}],
  ['google: no token', 'google', undefined, channel],
  ['google: another token', 'google', undefined, { ...channel, 'x-goog-channel-token': 'token' }],
  ['google: the form of a token', 'google', undefined, { ...channel, 'x-goog-channel-token': invented }],
  ['google: a long token', 'google', undefined, { ...channel, 'x-goog-channel-token': 'a'.repeat(4_000) }],
  ['microsoft: no clientState', 'microsoft', graph(undefined), {}],
  ['microsoft: another clientState', 'microsoft', graph('state'), {}],
  ['microsoft: the form of a clientState', 'microsoft', graph(invented), {}],
  ['microsoft: no JSON', 'microsoft', '{', {}],
  ['microsoft: no notification', 'microsoft', '{"value":[]}', {}],
])('%s', async (_case, path, body, headers) => {
  const { call, statements } = await setup();
  const url = `/v1/webhooks/${path}`;
  const first = await call('POST', url, { body, headers });
  // The first request after the start can look for subscriptions of earlier versions; it is remembered.
  const before = statements();
  for (let time = 0; time < 5; time += 1) {
    expect((await call('POST', url, { body, headers })).status).toBe(first.status);
  }
  expect(statements() - before).toBe(0);
  expect([400, 401]).toContain(first.status);
  // `pool.query` connects: one statement counts twice.
  expect(before).toBeLessThanOrEqual(2);
});

it('of more than the limit is refused before it is read', async () => {
  const { call, statements } = await setup();
  for (const path of ['zoom', 'twilio', 'mail', 'google', 'microsoft']) {
    const type = path === 'twilio' ? formType : {};
    const { status } = await call('POST', `/v1/webhooks/${path}`, {
      body: 'a'.repeat(6_000_000),
      headers: type,
    });
    expect([path, status]).toEqual([path, 413]);
  }
  expect(statements()).toBe(0);
});
