import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isSignedByTwilio, readForm, readInboundMessage, readStatusReport } from './webhooks.ts';

const authToken = 'a-token';
const url = 'https://castmatch.example/v1/webhooks/twilio?delivery=1';
const sid = `SM${'0a'.repeat(16)}`;
const form = { MessageSid: sid, MessageStatus: 'delivered', To: '+33612345678' };

/** An independent implementation of https://www.twilio.com/docs/usage/security#validating-requests */
const sign = (address: string, fields: Record<string, string>) =>
  createHmac('sha1', authToken)
    .update(
      address +
        Object.entries(fields)
          .toSorted(([left], [right]) => (left < right ? -1 : 1))
          .flat()
          .join(''),
    )
    .digest('base64');

describe('isSignedByTwilio', () => {
  const authTokens = [authToken];
  const signed = {
    authTokens,
    signature: sign(url, form),
    url,
    content: { kind: 'form', fields: form },
  } as const;

  test('accepts the example that Twilio publishes', () => {
    // https://www.twilio.com/docs/usage/security#validating-requests, and the tests of Twilio's own libraries.
    const body =
      'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212';
    const example = {
      authTokens: ['12345'],
      signature: 'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
      url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
      content: { kind: 'form', fields: readForm(body) },
    } as const;
    expect(isSignedByTwilio(example)).toBe(true);
    expect(isSignedByTwilio({ ...example, url: 'https://mycompany.com/myapp.php?foo=1&bar=3' })).toBe(false);
  });

  test('accepts the example with a repeated field', () => {
    const fields = readForm('Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234');
    expect(fields).toEqual({ Sid: 'CA123', SidAccount: 'AC123', Digits: ['5678', '1234', '1234'] });
    expect(
      isSignedByTwilio({
        authTokens: ['12345'],
        signature: 'IK+Dwps556ElfBT0I3Rgjkr1wJU=',
        url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
        content: { kind: 'form', fields },
      }),
    ).toBe(true);
  });

  test('accepts the example with another body, by its hash in the address', () => {
    const hash = '0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620';
    const address = `https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=${hash}`;
    const body = Buffer.from('{"property": "value", "boolean": true}');
    const example = {
      authTokens: ['12345'],
      signature: 'a9nBmqA0ju/hNViExpshrM61xv4=',
      url: address,
      content: { kind: 'bytes', body },
    } as const;
    expect(isSignedByTwilio(example)).toBe(true);
    const other = Buffer.from('{"property": "other", "boolean": true}');
    expect(isSignedByTwilio({ ...example, content: { kind: 'bytes', body: other } })).toBe(false);
  });

  test('rejects a form with more fields than Twilio sends, without hashing all of them', () => {
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, field) => [`f${field}`, '']));
    const fields = readForm(new URLSearchParams(many).toString());
    expect(Object.keys(fields)).toHaveLength(1_000);
    expect(
      isSignedByTwilio({ ...signed, signature: sign(url, many), content: { kind: 'form', fields } }),
    ).toBe(false);
  });

  test('rejects another body when the address has no hash', () => {
    const content = { kind: 'bytes', body: Buffer.from('{}') } as const;
    expect(isSignedByTwilio({ ...signed, signature: sign(url, {}), content })).toBe(false);
  });

  test('accepts the signature of the address with and without its port', () => {
    expect(isSignedByTwilio(signed)).toBe(true);
    const withPort = url.replace('castmatch.example', 'castmatch.example:443');
    expect(isSignedByTwilio({ ...signed, signature: sign(withPort, form) })).toBe(true);
    expect(isSignedByTwilio({ ...signed, url: withPort })).toBe(true);
  });

  test('accepts a signature of the previous token', () => {
    expect(isSignedByTwilio({ ...signed, authTokens: ['another', authToken] })).toBe(true);
  });

  test.each([
    ['another address', { url: url.replace('castmatch', 'proxy') }],
    ['a changed form', { content: { kind: 'form', fields: { ...form, MessageStatus: 'failed' } } as const }],
    ['another token', { authTokens: ['another'] }],
    ['no signature', { signature: undefined }],
    ['an empty signature', { signature: '' }],
  ])('rejects %s', (_what, change) => {
    expect(isSignedByTwilio({ ...signed, ...change })).toBe(false);
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
  ])('reads %s as %s', (twilioStatus, status) => {
    expect(readStatusReport({ ...form, MessageStatus: twilioStatus })).toEqual({ deliveryId: sid, status });
  });
  test('keeps the code of a failure', () => {
    const report = readStatusReport({ ...form, MessageStatus: 'undelivered', ErrorCode: '30003' });
    expect(report).toEqual({ deliveryId: sid, status: 'failed', code: '30003' });
  });
  test.each([
    ['a status of incoming messages', { ...form, MessageStatus: 'received' }],
    ['the name of an inherited property', { ...form, MessageStatus: 'toString' }],
    ['no message', { MessageStatus: 'sent' }],
    ['something else', 'MessageStatus=sent'],
  ])('rejects %s', (_what, other) => {
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
  test('rejects a sender that is not a phone number', () => {
    expect(readInboundMessage({ MessageSid: sid, From: 'CASTING', Body: 'yes' })).toBeUndefined();
  });
});
