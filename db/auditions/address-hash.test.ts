import { expect, it } from 'vitest';
import { addressHash } from './address-hash.ts';

it.each([
  ['ada@example.com', ' ADA@Example.COM '],
  ['x@b\u00fccher.example', 'x@xn--bcher-kva.example'],
  ['ada@example.com', '"Ada"@example.com'],
  ['ada@example.com', String.raw`"a\da"@example.com`],
  ['caf\u00e9@example.com', 'cafe\u0301@example.com'],
])('the hash of %s is that of %s', (one, other) => {
  expect(addressHash('org_north', other)).toBe(addressHash('org_north', one));
});

it.each(['ada+x@example.com', 'ada@example.org', 'a.da@example.com'])(
  'the hash of ada@example.com is not that of %s',
  (other) => {
    expect(addressHash('org_north', other)).not.toBe(addressHash('org_north', 'ada@example.com'));
  },
);

it('the hash of an address differs between organizations, and does not contain it', () => {
  const hash = addressHash('org_north', 'ada@example.com');
  expect(addressHash('org_south', 'ada@example.com')).not.toBe(hash);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
});
