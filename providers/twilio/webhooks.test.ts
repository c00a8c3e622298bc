import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isFromTwilio, readInboundMessage, readStatusReport } from './webhooks.ts';

const authToken = 'a-token';
const url = 'https://castmatch.example/v1/webhooks/twilio?delivery=1';
const sid = `SM${'0a'.repeat(16)}`;
const form = { MessageSid: sid, MessageStatus: 'delivered', To: '+33612345678' };

/** https://www.twilio.com/docs/usage/security#validating-requests, written down once more by hand. */
const sign = (address: string, fields: Record<string, string>) =>
  createHmac('sha1', authToken)
    .update(
      address +
        Object.entries(fields)
          .toSorted(([one], [other]) => (one < other ? -1 : 1))
          .flat()
          .join(''),
    )
    .digest('base64');

describe('isFromTwilio', () => {
  const signature = sign(url, form);
  test('knows the signature of the address Twilio was given', () => {
    expect(isFromTwilio({ authToken, signature, url, form })).toBe(true);
  });
  test.each([
    ['another address', { url: url.replace('castmatch', 'proxy') }],
    ['a changed form', { form: { ...form, MessageStatus: 'failed' } }],
    ['another token', { authToken: 'another' }],
    ['no signature', { signature: undefined }],
    ['an empty signature', { signature: '' }],
  ])('refuses %s', (_what, change) => {
    expect(isFromTwilio({ authToken, signature, url, form, ...change })).toBe(false);
  });
});

describe('readStatusReport', () => {
  test.each([
    ['accepted', 'queued'],
    ['sending', 'queued'],
    ['sent', 'sent'],
    ['delivered', 'delivered'],
    ['read', 'delivered'],
    ['undelivered', 'failed'],
    ['canceled', 'failed'],
  ])('reads %s as %s', (theirs, ours) => {
    expect(readStatusReport({ ...form, MessageStatus: theirs })).toEqual({ deliveryId: sid, status: ours });
  });
  test('keeps the code of a failure', () => {
    const report = readStatusReport({ ...form, MessageStatus: 'undelivered', ErrorCode: '30003' });
    expect(report).toEqual({ deliveryId: sid, status: 'failed', code: '30003' });
  });
  test.each([
    ['a status of incoming messages', { ...form, MessageStatus: 'received' }],
    ['a word of every object', { ...form, MessageStatus: 'toString' }],
    ['no message', { MessageStatus: 'sent' }],
    ['something else', 'MessageStatus=sent'],
  ])('refuses %s', (_what, other) => {
    expect(readStatusReport(other)).toBeUndefined();
  });
});

const inbound = (body: string) => readInboundMessage({ MessageSid: sid, From: '+33612345678', Body: body });

describe('readInboundMessage', () => {
  test.each([
    ['YES', 'accepted'],
    [' oui. ', 'accepted'],
    ['No!', 'declined'],
    ['maybe', 'tentative'],
    ['yes, but an hour later', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('understands %o as %s', (body, answer) => {
    expect(inbound(body)).toMatchObject({ id: sid, from: '+33612345678', body });
    expect(inbound(body)?.answer).toBe(answer);
  });
  test('refuses a sender that is no number', () => {
    expect(readInboundMessage({ MessageSid: sid, From: 'CASTING', Body: 'yes' })).toBeUndefined();
  });
});
