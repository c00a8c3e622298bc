import { describe, expect, it } from 'vitest';
import type { Country } from '../country.ts';
import { withCanonicalAddresses } from './canonical-addresses.ts';

it('an email address has its local part in NFC and its domain in ASCII', () => {
  expect(withCanonicalAddresses({ email: 'jose\u0301@b\u00fccher.example' }, '')).toEqual({
    email: 'jos\u00e9@xn--bcher-kva.example',
  });
});

describe('a phone number', () => {
  it.each<readonly [string, Country | undefined, string]>([
    ['06 12 34 56 78', 'FR', '+33612345678'],
    ['(020) 7946-0018', 'GB', '+442079460018'],
    ['+33 (0)6 12 34 56 78', undefined, '+33612345678'],
    ['+33612345678', 'US', '+33612345678'],
    ['(212) 555-2368', 'US', '+12125552368'],
    ['+15005550006', undefined, '+15005550006'],
  ])('%s of %s becomes %s', (phone, phoneRegion, expected) => {
    expect(withCanonicalAddresses({ phone, phoneRegion }, '')).toEqual({ phone: expected });
  });

  it.each<readonly [string, Country | undefined, readonly string[]]>([
    ['06 12 34 56 78', undefined, ['/participants/0/phone', '/participants/0/phoneRegion']],
    ['06 12', 'FR', ['/participants/0/phone']],
    ['+999123456789', undefined, ['/participants/0/phone']],
  ])('%s of %s is refused', (phone, phoneRegion, pointers) => {
    expect(() => withCanonicalAddresses({ phone, phoneRegion }, '/participants/0')).toThrowError(
      expect.objectContaining({ code: 'invalid_body', pointers }),
    );
  });
});
