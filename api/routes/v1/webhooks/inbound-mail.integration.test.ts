/** Tests the route to which mail services forward received email. */
import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiConfiguration, createTestApi } from '../../../../tests/harness/api.ts';
import { claimFromInbox, createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { replyMail } from '../../../../tests/harness/reply-mail.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.pool.query('TRUNCATE webhook_inbox'));
afterAll(() => database.drop());

const secret = 'whsec_c29tZS1zZWNyZXQtb2YtdGhlLW1haWwtc2VydmljZQ==';
const earlier = 'the-secret-of-before';
const path = '/v1/webhooks/mail/inbound';

const setup = async (secrets: readonly string[] = [secret, earlier]) => {
  const { call } = await createTestApi(database, {
    configuration: {
      ...apiConfiguration,
      smtp: {
        ...apiConfiguration.smtp,
        ...(secrets.length > 0 ? { replies: { address: 'replies@in.example.com', secrets } } : {}),
      },
    },
  });
  const send = (body: string | Buffer, headers: Record<string, string>) =>
    call('POST', `${path}?mime`, {
      body: typeof body === 'string' ? body : body.toString('latin1'),
      headers,
    });
  const stored = async () =>
    (await claimFromInbox(database)).map(({ inboxEvent }) =>
      inboxEvent?.kind === 'mail.received'
        ? {
            message: Buffer.from(inboxEvent.event.message, 'base64').toString(),
            recipients: inboxEvent.event.recipients,
          }
        : inboxEvent,
    );
  return { send, stored };
};

const basic = (password: string) => ({
  authorization: `Basic ${Buffer.from(`mail:${password}`).toString('base64')}`,
});
const mail = replyMail({ from: 'ada@example.com', to: 'replies+tag@in.example.com' }).toString();
const rfc822 = { 'content-type': 'message/rfc822' };

const multipart = (fields: Record<string, string>) => ({
  body: [
    ...Object.entries(fields).map(
      ([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    ),
    '--x--\r\n',
  ].join(''),
  headers: { 'content-type': 'multipart/form-data; boundary=x' },
});

const signedByMailgun = (at: number, key = secret) => {
  const [timestamp, token] = [String(Math.floor(at / 1_000)), 'f'.repeat(50)];
  const signature = createHmac('sha256', key)
    .update(timestamp + token)
    .digest('hex');
  return { timestamp, token, signature };
};

describe('a received email is stored once', () => {
  it('as the body, with a password, a bearer token or a signature', async () => {
    const { send, stored } = await setup();
    const at = new Date();
    const signed = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign('msg_1', at, mail),
    };
    const proofs = [basic(secret), basic(earlier), { authorization: `Bearer ${earlier}` }, signed];
    for (const proof of proofs) {
      const { status, body } = await send(mail, { ...rfc822, ...proof });
      expect([status, body]).toEqual([200, {}]);
    }
    expect(await stored()).toEqual([{ message: mail, recipients: [] }]);
  });

  it.each([
    [
      'multipart/form-data',
      multipart({ ...signedByMailgun(Date.now()), recipient: 'a@b.c', 'body-mime': mail }),
    ],
    [
      'application/x-www-form-urlencoded',
      {
        body: new URLSearchParams({
          ...signedByMailgun(Date.now() - 8 * 3_600_000),
          recipient: 'a@b.c',
          'body-mime': mail,
        }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    ],
  ])('as %s of Mailgun', async (_type, { body, headers }) => {
    const { send, stored } = await setup();
    expect((await send(body, headers)).status).toBe(200);
    expect(await stored()).toEqual([{ message: mail, recipients: ['a@b.c'] }]);
  });

  it('as a form of SendGrid, with its envelope', async () => {
    const { send, stored } = await setup();
    const { body, headers } = multipart({ envelope: '{"to":["a@b.c"],"from":"d@e.f"}', email: mail });
    expect((await send(body, { ...headers, ...basic(secret) })).status).toBe(200);
    expect(await stored()).toEqual([{ message: mail, recipients: ['a@b.c'] }]);
  });

  it('as JSON of Postmark', async () => {
    const { send, stored } = await setup();
    const body = JSON.stringify({ RawEmail: mail, OriginalRecipient: 'a@b.c', Subject: 'Accepted' });
    expect((await send(body, { 'content-type': 'application/json', ...basic(secret) })).status).toBe(200);
    expect(await stored()).toEqual([{ message: mail, recipients: ['a@b.c'] }]);
  });

  it.each(['UTF8', 'BASE64'])('as a notification of Amazon SES in %s', async (encoding) => {
    const { send, stored } = await setup();
    const content = encoding === 'UTF8' ? mail : Buffer.from(mail).toString('base64');
    const receipt = { recipients: ['a@b.c'], action: { type: 'SNS', encoding } };
    const Message = JSON.stringify({ notificationType: 'Received', receipt, content });
    const headers = { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'Notification' };
    const body = JSON.stringify({ Type: 'Notification', Message });
    expect((await send(body, { ...headers, ...basic(secret) })).status).toBe(200);
    expect(await stored()).toEqual([{ message: mail, recipients: ['a@b.c'] }]);
  });
});

describe('Amazon SNS', () => {
  const headers = { 'content-type': 'text/plain', 'x-amz-sns-message-type': 'x', ...basic(secret) };
  const confirmUrl = 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t';

  it('asks an operator to confirm its subscription, and what is no email is ignored', async () => {
    const { send, stored } = await setup();
    const bodies = [
      { Type: 'SubscriptionConfirmation', SubscribeURL: confirmUrl },
      { Type: 'Notification', Message: 'Successfully validated SNS topic for Amazon SES event publishing.' },
      { Type: 'Notification', Message: '{"notificationType":"Bounce"}' },
      { Type: 'UnsubscribeConfirmation' },
    ];
    for (const body of bodies) expect((await send(JSON.stringify(body), headers)).status).toBe(200);
    expect(await stored()).toEqual([{ kind: 'mail.subscription', event: { confirmUrl } }]);
  });
});

/** The message with a text of so many bytes. */
const sized = (bytes: number) => `${mail}${`${'x'.repeat(76)}\r\n`.repeat(bytes / 78)}`;

describe('a request is rejected', () => {
  it('with 401 without the secret, with another one, and when no secret is configured', async () => {
    const { send, stored } = await setup();
    const proofs: Record<string, string>[] = [
      {},
      basic('another-secret-of-a-stranger'),
      basic(''),
      { authorization: `Bearer ${secret}x` },
      { authorization: 'Basic %%%' },
    ];
    for (const proof of proofs) expect((await send(mail, { ...rfc822, ...proof })).status).toBe(401);
    const forged = [
      multipart({ ...signedByMailgun(Date.now(), 'another'), 'body-mime': mail }),
      multipart({ ...signedByMailgun(Date.now() - 13 * 3_600_000), 'body-mime': mail }),
      multipart({ 'body-mime': mail }),
    ];
    for (const { body, headers } of forged) expect((await send(body, headers)).status).toBe(401);
    const none = await setup([]);
    expect((await none.send(mail, { ...rfc822, ...basic('') })).status).toBe(401);
    expect(await stored()).toEqual([]);
  });

  it('with a challenge for a password: Amazon SNS sends it only then', async () => {
    const { send } = await setup();
    const { status, headers } = await send(mail, { 'content-type': 'message/rfc822' });
    expect([status, headers['www-authenticate']]).toEqual([401, 'Basic realm="castmatch", charset="UTF-8"']);
  });

  it('with 400 without a message', async () => {
    const { send, stored } = await setup();
    const json = { 'content-type': 'application/json' };
    const requests: (readonly [string, Record<string, string>])[] = [
      ['', rfc822],
      ['{', json],
      ['{"Subject":"no raw email"}', json],
      ['{"Type":"Notification","Message":"{\\"notificationType\\":\\"Received\\"}"}', json],
      ['not a form', { 'content-type': 'multipart/form-data; boundary=x' }],
      [multipart({ subject: 'parsed' }).body, multipart({}).headers],
    ];
    for (const [body, headers] of requests) {
      expect((await send(body, { ...headers, ...basic(secret) })).status).toBe(400);
    }
    expect(await stored()).toEqual([]);
  });

  it('with 413 when it is too large, and a message of 2 MB is stored', async () => {
    const { send, stored } = await setup();
    expect((await send(sized(6 * 1024 * 1024), { ...rfc822, ...basic(secret) })).status).toBe(413);
    expect((await send(sized(2 * 1024 * 1024), { ...rfc822, ...basic(secret) })).status).toBe(200);
    expect(await stored()).toHaveLength(1);
  });
});
