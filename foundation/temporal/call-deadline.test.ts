import { expect, test } from 'vitest';
import { isDeadlineOver } from './call-deadline.ts';

const serviceError = (code: number) =>
  Object.assign(new Error('the call ended'), { code, details: '', metadata: {} });

test.each([
  ['CANCELLED, as the server may end it', 1, true],
  ['DEADLINE_EXCEEDED', 4, true],
  ['NOT_FOUND', 5, false],
  ['UNAVAILABLE', 14, false],
])('a call that ends with %s', (_, code, expected) => {
  expect(isDeadlineOver(serviceError(code))).toBe(expected);
  expect(isDeadlineOver(new Error('outer', { cause: serviceError(code) }))).toBe(expected);
});
