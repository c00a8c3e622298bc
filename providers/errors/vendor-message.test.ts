import { expect, test } from 'vitest';
import { redactVendorMessage } from './vendor-message.ts';

test.each([
  ['an address', '550 5.1.1 <lea.martin@example.test>: no such user', '550 5.1.1 <[address]>: no such user'],
  ['a number', "The number +33 6 12 34 56 78 can't", "The number [number] can't"],
  ['a token', 'Bearer ya29.a0AfH6SMBx was refused', '[credential] was refused'],
  ['a long secret', `the key ${'aB3_'.repeat(10)} is wrong`, 'the key [opaque] is wrong'],
  ['a link', 'see https://x.test/reset?token=abc now', 'see [link] now'],
])('a vendor message is redacted: %s', (_what, message, expected) => {
  expect(redactVendorMessage(message)).toBe(expected);
});

test('a redacted vendor message keeps the explanation', () => {
  const message = 'Rate Limit Exceeded (429) 4.7.1 try again later';
  expect(redactVendorMessage(message)).toBe(message);
});

test('a redacted vendor message is one short line', () => {
  expect(redactVendorMessage(`a\n${'word '.repeat(200)}`).length).toBeLessThanOrEqual(240);
  expect(redactVendorMessage('one\ntwo')).toBe('one two');
});

test('a redacted vendor message is cut between characters', () => {
  for (const length of [236, 237, 238, 239]) {
    const cut = redactVendorMessage(`${'no '.repeat(80).slice(0, length)}👩‍🎤 ok`);
    expect(cut.isWellFormed()).toBe(true);
    expect(cut).not.toContain('👩');
  }
});
