import { describe, expect, it } from 'vitest';
import { parseFeedAddress } from './address.ts';

describe('the address of a feed', () => {
  it.each([
    [
      'https://calendar.example.com/private-a1/basic.ics',
      'https://calendar.example.com/private-a1/basic.ics',
    ],
    ['webcal://p42-caldav.icloud.com/published/2/a1', 'https://p42-caldav.icloud.com/published/2/a1'],
    ['WEBCALS://calendar.example.com/a.ics', 'https://calendar.example.com/a.ics'],
    ['  <https://calendar.example.com/a.ics?token=b>  ', 'https://calendar.example.com/a.ics?token=b'],
    ['calendar.example.com/a.ics#month', 'https://calendar.example.com/a.ics'],
    ['http://127.0.0.1:8080/a.ics', 'http://127.0.0.1:8080/a.ics'],
  ])('can be written as %s', (text, address) => {
    expect(parseFeedAddress(text).href).toBe(address);
  });

  it.each([
    ['another protocol', 'ftp://calendar.example.com/a.ics'],
    ['a file', 'file:///etc/passwd'],
    ['a password', 'https://ann:secret@calendar.example.com/a.ics'],
    ['no host', 'https://'],
    ['more than 2,000 characters', `https://calendar.example.com/${'a'.repeat(2_000)}`],
  ])('is rejected with %s', (_what, text) => {
    expect(() => parseFeedAddress(text)).toThrow(expect.objectContaining({ code: 'address_not_allowed' }));
  });
});
