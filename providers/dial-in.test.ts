import { expect, it } from 'vitest';
import { dialInOf } from './dial-in.ts';

it.each([
  ['a number with a code', '+33 1 23 45 67 89', '4711', { dialIn: '+33 1 23 45 67 89, 4711#' }],
  ['a number without a code', '+33 1 23 45 67 89', undefined, { dialIn: '+33 1 23 45 67 89' }],
  ['no number', undefined, '4711', {}],
  ['an empty number', '', '4711', {}],
  ['a text that is no number', 'x'.repeat(101), undefined, {}],
])('the dial-in of a meeting with %s', (_what, number, code, expected) => {
  expect(dialInOf(number, code)).toEqual(expected);
});
