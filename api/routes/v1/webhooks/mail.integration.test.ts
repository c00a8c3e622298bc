/** Tests the webhooks of the mail service. */
import { Webhook } from 'standardwebhooks';
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

const mailSecret: string = localDefaults.MAIL_WEBHOOK_SECRET;

const setup = async (configuration = apiConfiguration) => {
  const { call } = await createTestApi(database, { configuration });
  const send = (
    body: unknown,
    { id = 'msg_1', prefix = 'svix', at = new Date(), secret = mailSecret } = {},
  ) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return call('POST', '/v1/webhooks/mail', {
      body: text,
      headers: {
        [`${prefix}-id`]: id,
        [`${prefix}-timestamp`]: String(Math.floor(at.getTime() / 1000)),
        [`${prefix}-signature`]: new Webhook(secret).sign(id, at, text),
      },
    });
  };
  const inboxEvents = async () => (await claimFromInbox(database)).map(({ inboxEvent }) => inboxEvent);
  return { send, inboxEvents };
};

const bounced = {
  type: 'email.bounced',
  created_at: '2026-11-22T23:41:12.126Z',
  data: {
    email_id: '56761188-7520-42d8-8898-ff6fc54ce618',
    message_id: '<abc@castmatch>',
    to: ['ada@example.com'],
    bounce: { type: 'Permanent', subType: 'General', message: 'no such mailbox' },
  },
};

it.each(['svix', 'webhook'])(
  'the mail webhook stores a delivery report once (headers %s-*)',
  async (prefix) => {
    const { send, inboxEvents } = await setup();
    expect((await send(bounced, { prefix })).status).toBe(204);
    expect((await send(bounced, { prefix })).status).toBe(204);
    expect(await inboxEvents()).toEqual([
      {
        kind: 'message.status',
        event: { deliveryId: '<abc@castmatch>', channel: 'email', status: 'bounced', code: 'bounced' },
      },
    ]);
  },
);

it('the mail webhook stores a transient bounce as deferred', async () => {
  const { send, inboxEvents } = await setup();
  const bounce = { type: 'Transient', subType: 'MailboxFull', message: 'the mailbox is full' };
  expect((await send({ ...bounced, data: { ...bounced.data, bounce } })).status).toBe(204);
  expect(await inboxEvents()).toMatchObject([{ event: { status: 'deferred', code: 'bounced' } }]);
});

it('the mail webhook acknowledges irrelevant events', async () => {
  const { send, inboxEvents } = await setup();
  expect((await send({ type: 'email.opened', data: {} })).status).toBe(204);
  expect(await inboxEvents()).toEqual([]);
});

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe('a webhook of the mail service is rejected', () => {
  it.each([
    ['signed with another secret', bounced, { secret: 'whsec_YW5vdGhlci1zZWNyZXQtYW5vdGhlcg==' }, 401],
    ['sent again after six minutes', bounced, { at: ago(6) }, 401],
    ['from the future', bounced, { at: ago(-6) }, 401],
    ['truncated', '{"type":"email', {}, 400],
    ['without a message ID', { ...bounced, data: {} }, {}, 400],
    ['too large', { ...bounced, filling: 'x'.repeat(262_144) }, {}, 413],
  ])('%s', async (_case, body, how, status) => {
    const { send, inboxEvents } = await setup();
    expect((await send(body, how)).status).toBe(status);
    expect(await inboxEvents()).toEqual([]);
  });

  it('always when no secret is configured', async () => {
    const { send, inboxEvents } = await setup({ ...apiConfiguration, smtp: { webhookSecrets: [] } });
    expect((await send(bounced)).status).toBe(401);
    expect(await inboxEvents()).toEqual([]);
  });
});
