import { describe, expect, it } from 'vitest';
import { emailOfMailto, mailtoPathOf } from './mailto.ts';

describe('the mailto URI of an address', () => {
  it.each([
    ['ada+auditions@example.com', 'ada+auditions@example.com'],
    ["o'hara@example.com", "o'hara@example.com"],
    ['josé@example.com', 'jos%C3%A9@example.com'],
    ['用户@xn--r8jz45g.xn--q9jyb4c', '%E7%94%A8%E6%88%B7@xn--r8jz45g.xn--q9jyb4c'],
    // RFC 6068, section 6.1.
    ['gorby%kremvax@example.com', 'gorby%25kremvax@example.com'],
    ['unlikely?address@example.com', 'unlikely%3Faddress@example.com'],
    ['Mike&family@example.org', 'Mike%26family@example.org'],
    ['"not@me"@example.org', '%22not%40me%22@example.org'],
    [String.raw`"oh\\no"@example.org`, '%22oh%5C%5Cno%22@example.org'],
    ['"a,b;c:d"@example.org', '%22a%2Cb%3Bc%3Ad%22@example.org'],
  ])('of %s is mailto:%s', (address, path) => {
    expect(mailtoPathOf(address)).toBe(path);
    expect(emailOfMailto(`mailto:${path}`)).toBe(address.toLowerCase());
  });

  it.each([
    ['MAILTO:Ada@Example.com', 'ada@example.com'],
    ['mailto:jose%CC%81@example.com', 'josé@example.com'],
    ['mailto:josé@example.com', 'josé@example.com'],
    ['mailto:ada@example.com?subject=Re%3A%20audition', 'ada@example.com'],
    ['mailto:who?@example.com', 'who?@example.com'],
    ['mailto:100%@example.com', '100%@example.com'],
    ['mailto:%E9@example.com', '%e9@example.com'],
    ['ada@example.com', 'ada@example.com'],
  ])('%s is read as %s', (uri, address) => {
    expect(emailOfMailto(uri)).toBe(address);
  });
});
