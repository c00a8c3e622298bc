import { expect, it } from 'vitest';
import { createKeyedReferences } from './keyed-references.ts';

const keyOf = (id: string, byte: number) => ({ id, key: new Uint8Array(32).fill(byte) });

it('keyed references are equal for equal values only, and differ between purposes and keys', () => {
  const references = createKeyedReferences([keyOf('a', 1)], 'account');
  expect(references.newest('x')).toBe(references.newest('x'));
  expect(references.newest('x')).not.toBe(references.newest('y'));
  expect(references.newest('x')).not.toBe(createKeyedReferences([keyOf('a', 1)], 'other').newest('x'));
  expect(references.newest('x')).not.toBe(createKeyedReferences([keyOf('a', 2)], 'account').newest('x'));
});

it('keyed references under an older key of the ring are still found', () => {
  const before = createKeyedReferences([keyOf('a', 1)], 'account').newest('x');
  const rotated = createKeyedReferences([keyOf('b', 2), keyOf('a', 1)], 'account');
  expect(rotated.newest('x')).toMatch(/^b:/);
  expect(rotated.all('x')).toContain(before);
});
