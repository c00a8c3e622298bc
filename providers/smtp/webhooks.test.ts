import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readMailEvent, verifyMail } from './webhooks.ts';

/** The test vector of the Standard Webhooks libraries. */
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const body = Buffer.from('{"test": 2432232314}');
const headers = { 'webhook-id': id, 'webhook-timestamp': '1614265330', 'webhook-signature': signature };
const svix = { 'svix-id': id, 'svix-timestamp': '1614265330', 'svix-signature': signature };

beforeEach(() => {
  vi.useFakeTimers({ now: 1_614_265_330_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('verifyMail', () => {
  test.each([
    ['the published example', headers],
    ['the example with the headers of Svix', svix],
    ['one of several signatures', { ...headers, 'webhook-signature': `v1,AAAA v1a,BBBB ${signature}` }],
  ])('accepts %s', (_what, signedHeaders) => {
    expect(verifyMail({ secrets: [secret], headers: signedHeaders, body })).toEqual({
      kind: 'authentic',
      id,
    });
  });

  test('accepts either secret during a rotation', () => {
    const secrets = ['whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0', secret];
    expect(verifyMail({ secrets, headers, body }).kind).toBe('authentic');
  });

  test('uses a secret without the prefix unchanged', () => {
    const raw = Buffer.from(secret.slice('whsec_'.length), 'base64').toString('latin1');
    expect(verifyMail({ secrets: [raw], headers, body }).kind).toBe('authentic');
  });

  test.each([
    ['another secret', { secrets: ['whsec_YW5vdGhlci1zZWNyZXQtYW5vdGhlcg=='] }],
    ['a secret that cannot be read', { secrets: ['whsec_!'] }],
    ['no secret', { secrets: [] }],
    ['a changed body', { body: Buffer.from('{"test": 2432232315}') }],
    ['another id', { headers: { ...headers, 'webhook-id': 'msg_another' } }],
    ['a changed timestamp', { headers: { ...headers, 'webhook-timestamp': '1614265331' } }],
    ['no signature', { headers: { ...headers, 'webhook-signature': undefined } }],
    ['a repeated header', { headers: { ...headers, 'webhook-signature': [signature, signature] } }],
    [
      'a signature of another version only',
      { headers: { ...headers, 'webhook-signature': signature.replace('v1', 'v1a') } },
    ],
  ])('rejects %s', (_what, change) => {
    expect(verifyMail({ secrets: [secret], headers, body, ...change })).toEqual({ kind: 'forged' });
  });

  test.each([301_000, -301_000])('rejects a request with a wrong time (%i ms)', (byMs) => {
    vi.setSystemTime(1_614_265_330_000 + byMs);
    expect(verifyMail({ secrets: [secret], headers, body })).toEqual({ kind: 'forged' });
  });
});

describe('readMailEvent', () => {
  const ours = '<abc@castmatch>';
  test.each([
    ['email.delivered', { message_id: ours }, { status: 'delivered' }],
    [
      'email.bounced',
      { headers: [{ name: 'Message-Id', value: ours }] },
      { status: 'bounced', code: 'bounced' },
    ],
    ['email.complained', { message_id: 'abc@castmatch' }, { status: 'complained', code: 'complained' }],
    ['message.bounced', { message_id_header: ours }, { status: 'bounced', code: 'bounced' }],
    [
      'email.bounced',
      { message_id: ours, bounce: { type: 'Permanent', subType: 'General' } },
      { status: 'bounced', code: 'bounced' },
    ],
    [
      'email.bounced',
      { message_id: ours, bounce: { type: 'Permanent', diagnosticCode: ['smtp; 550 5.1.1 unknown'] } },
      { status: 'bounced', code: 'bounced' },
    ],
    [
      'email.bounced',
      {
        message_id: ours,
        bounce: { type: 'Permanent', diagnosticCode: ['smtp; 553 5.6.7 non-ASCII address not permitted'] },
      },
      { status: 'failed', code: 'address_not_supported' },
    ],
    [
      'email.bounced',
      { message_id: ours, bounce: { type: 'Transient', subType: 'MailboxFull' } },
      { status: 'deferred', code: 'bounced' },
    ],
    ['email.bounced', { message_id: ours, bounce: 'unreadable' }, { status: 'bounced', code: 'bounced' }],
    ['email.delivery_delayed', { message_id: ours }, { status: 'deferred', code: 'delayed' }],
    ['message.transient_error', { message_id_header: ours }, { status: 'deferred', code: 'delayed' }],
  ])('reads %s', (type, data, report) => {
    expect(readMailEvent({ type, data: { email_id: 'theirs', ...data } })).toEqual({
      kind: 'report',
      deliveryId: ours,
      ...report,
    });
  });

  test.each(['email.opened', 'email.clicked', 'toString'])('ignores %s', (type) => {
    expect(readMailEvent({ type, data: {} })).toEqual({ kind: 'ignored', type });
  });

  test.each([
    ['no type', { data: {} }],
    ['no message', { type: 'email.bounced', data: { email_id: 'theirs' } }],
    ['a Message-ID with forbidden characters', { type: 'email.bounced', data: { message_id: '<a\0b@c>' } }],
    ['something else', 'email.bounced'],
  ])('rejects %s', (_what, event) => {
    expect(readMailEvent(event)).toBeUndefined();
  });
});

/** The status that an event reports. */
const statusOf = (type: string, data: object) => {
  const event = readMailEvent({ type, data: { message_id_header: '<abc@castmatch>', ...data } });
  if (event?.kind !== 'report') throw new Error('no report');
  const { status, code } = event;
  return { status, code };
};

describe('a bounce', () => {
  const returned = { status: 'failed', code: 'not_delivered' };
  const lost = { status: 'bounced', code: 'bounced' };
  const unsupported = { status: 'failed', code: 'address_not_supported' };

  test.each([
    [{ type: 'Undetermined', subType: 'Undetermined' }, returned],
    [{ type: 'Undetermined', diagnosticCode: ['smtp; 550 5.1.1 user unknown'] }, lost],
    [{ type: 'Permanent', subType: 'General', diagnosticCode: ['smtp; 550 5.1.1 user unknown'] }, lost],
    [{ type: 'Permanent', diagnosticCode: 'smtp; 550 5.7.26 not authenticated by SPF or DKIM' }, returned],
    [{ type: 'Permanent', diagnosticCode: ['smtp;550-5.7.1 [192.0.2.1] likely unsolicited mail'] }, returned],
    [{ type: 'Permanent', diagnosticCode: ['smtp; 550 5.4.5 daily limit'] }, returned],
    [{ type: 'Permanent', diagnosticCode: ['smtp; 554 blocked using zen.spamhaus.org'] }, returned],
    [{ type: 'Permanent', diagnosticCode: ['smtp; 552 5.2.2 mailbox full'] }, returned],
    [{ type: 'Permanent', diagnosticCode: ['smtp; 554 4.4.7 delivery time expired'] }, returned],
    [{ type: 'Permanent', diagnosticCode: ['smtp; 550 no such user'] }, lost],
    [{ type: 'Permanent', diagnosticCode: [7] }, lost],
    [{ type: 'Transient', subType: 'ContentRejected' }, returned],
    [{ type: 'Transient', subType: 'AttachmentRejected' }, returned],
    [{ type: 'Transient', subType: 'MessageTooLarge' }, returned],
    [
      { type: 'Transient', subType: 'General' },
      { status: 'deferred', code: 'bounced' },
    ],
  ])('of Resend %j suppresses an address only when the address is wrong', (bounce, report) => {
    expect(statusOf('email.bounced', { bounce })).toEqual(report);
  });

  test.each([
    [undefined, lost],
    [null, lost],
    ['unreadable', lost],
    [{ classification: 'InvalidRecipient', smtp_code: 550, enhanced_status_code: '5.1.1' }, lost],
    [{ classification: 'InactiveMailbox', smtp_code: 550 }, lost],
    [{ classification: 'BadDomain', smtp_code: 0 }, lost],
    [{ classification: 'Uncategorized', smtp_code: 550, response: 'no such user' }, lost],
    [{ classification: 'SomeFutureBucket', smtp_code: 550 }, lost],
    [{ smtp_code: 550, enhanced_status_code: '5.6.7' }, unsupported],
    [
      { smtp_code: 553, response: '553 5.6.9 no UTF-8 headers', classification: 'ProtocolErrors' },
      unsupported,
    ],
    [{ classification: 'PolicyRelated', smtp_code: 550, enhanced_status_code: '5.7.1' }, returned],
    [{ classification: 'AuthenticationFailed', smtp_code: 550 }, returned],
    [{ classification: 'InvalidSender', smtp_code: 553 }, returned],
    [{ classification: 'QuotaIssues', smtp_code: 552, enhanced_status_code: '5.2.2' }, returned],
    [{ classification: 'TransientFailure', smtp_code: 451 }, returned],
    [{ classification: 'MessageExpired', smtp_code: 421 }, returned],
    [{ classification: 'NoAnswerFromHost', smtp_code: 0 }, returned],
    [{ smtp_code: 550, enhanced_status_code: '5.7.26', response: 'not authenticated' }, returned],
    [{ smtp_code: 452, enhanced_status_code: '4.2.2', response: 'try later' }, returned],
  ])('of AhaSend %j suppresses an address only when the address is wrong', (delivery_attempt, report) => {
    expect(statusOf('message.bounced', { delivery_attempt })).toEqual(report);
  });

  test('says nothing about other events', () => {
    const delivery_attempt = { smtp_code: 550, enhanced_status_code: '5.6.7' };
    expect(statusOf('message.delivered', { delivery_attempt })).toEqual({ status: 'delivered' });
  });
});
