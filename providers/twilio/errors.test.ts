import { expect, test } from 'vitest';
import { fromTwilio } from './errors.ts';

const call = { signal: new AbortController().signal, correlationId: 'corr-1' };
const write = { provider: 'twilio', name: 'textMessages.send', writes: true } as const;

/** An error as the library throws it: https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions */
const thrown = (status: number, code?: number, message = 'words') =>
  Object.assign(new Error(message), { status, code, moreInfo: 'https://www.twilio.com/docs/errors' });

test.each([
  [400, 21211, { kind: 'rejected_input' }],
  [400, 21614, { kind: 'rejected_input' }],
  [400, 21610, { kind: 'not_permitted' }],
  [403, 21408, { kind: 'not_permitted' }],
  [400, 21606, { kind: 'misconfigured' }],
  [400, 21701, { kind: 'misconfigured' }],
  [401, 20003, { kind: 'misconfigured' }],
  [429, 20429, { kind: 'retry_after', delayMs: 4_000 }],
  [429, 63038, { kind: 'quota_exhausted' }],
  [500, 20500, { kind: 'retry', effect: 'unknown' }],
  [503, undefined, { kind: 'outage', effect: 'unknown' }],
])('%i %s', (status, code, fault) => {
  expect(fromTwilio(write, thrown(status, code), call, '4').fault).toMatchObject(fault);
});

test('the error of Twilio does not contain the phone number', () => {
  const error = fromTwilio(write, thrown(400, 21211, "The 'To' number +33612345678 is not valid"), call);
  expect(error.message).not.toMatch(/612345678/);
});
