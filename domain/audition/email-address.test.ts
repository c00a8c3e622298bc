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
    ['josé@example.com', 'josé@example.com'],
    ['jose\u0301@bücher.example', 'jos\u00e9@xn--bcher-kva.example'],
    ['иван.петров@почта.рф', 'иван.петров@xn--80a1acny.xn--p1ai'],
    ['用户@例え.みんな', '用户@xn--r8jz45g.xn--q9jyb4c'],
    ['संपर्क@डाटामेल.भारत', 'संपर्क@xn--c2bd4bq1db8d.xn--h2brj9c'],
    ['"josé garcía"@example.com', '"josé garcía"@example.com'],
    ['می\u200cخواهم@example.com', 'می\u200cخواهم@example.com'],
    ['❤️@example.com', '❤️@example.com'],
    [`${'é'.repeat(32)}@example.com`, `${'é'.repeat(32)}@example.com`],
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
    `${'é'.repeat(33)}@example.com`,
    'jos\ufffd@example.com',
    'ada\u00a0lovelace@example.com',
    'ada\u200b@example.com',
    'ada\u200d@example.com',
    'ada\u202emoc@example.com',
    'ada\u2028@example.com',
    'ada\u037ebob@example.com',
    'ada\u{e0041}@example.com',
    '"ada\u0085"@example.com',
    'é..b@example.com',
    'jos\ud83d@example.com',
  ])('%j is refused', (text) => {
    expect(canonicalEmail(text)).toBeUndefined();
  });
});
