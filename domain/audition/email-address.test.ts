import { describe, expect, it } from 'vitest';
import { canonicalEmail } from './email-address.ts';

describe('an email address', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    ['x@xn--e1afmkfd.xn--p1ai', 'x@xn--e1afmkfd.xn--p1ai'],
    ['x@bücher.example', 'x@xn--bcher-kva.example'],
    ['x@почта.рф', 'x@xn--80a1acny.xn--p1ai'],
    ['a&b@example.com', 'a&b@example.com'],
    ["o'hara+auditions@Mail.Example.COM", "o'hara+auditions@mail.example.com"],
    ['"ada lovelace"@example.com', '"ada lovelace"@example.com'],
    ['!#$%&*/=?^_`{|}~-@example.com', '!#$%&*/=?^_`{|}~-@example.com'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('%s becomes %s', (text, expected) => {
    expect(canonicalEmail(text)).toBe(expected);
  });

  it.each([
    'ada',
    '@example.com',
    'ada@',
    'ada@localhost',
    'ada@[127.0.0.1]',
    'ada@127.0.0.1',
    'ada@example.com:25',
    'ada@example.com/path',
    'ada@exa mple.com',
    'ada@-example.com',
    'a..b@example.com',
    '.ada@example.com',
    'ada lovelace@example.com',
    'ada@b@example.com',
    'ada\r\nBcc: x@example.com',
    '"ada\n"@example.com',
    'ada<x>@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(64)}.com`,
    'адá@example.com',
  ])('%j is refused', (text) => {
    expect(canonicalEmail(text)).toBeUndefined();
  });
});
