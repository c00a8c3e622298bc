import { describe, expect, it } from 'vitest';
import { serverOwnerOf } from './server-owner.ts';

describe('the owner of a server', () => {
  it.each([
    ['https://p12-caldav.icloud.com:8443/x', 'icloud.com'],
    ['https://CALDAV.iCloud.com./', 'icloud.com'],
    ['https://dav.example.co.uk', 'example.co.uk'],
    ['https://cal.ann.duckdns.org', 'ann.duckdns.org'],
    ['https://bücher.example', 'xn--bcher-kva.example'],
    ['http://localhost.:5232', 'localhost'],
    ['http://0x7f.1', '127.0.0.1'],
    ['http://[::ffff:127.0.0.1]', '127.0.0.1'],
    ['http://[2001:0DB8:0::1]', '2001:db8::1'],
  ])('of %s is %s', (address, owner) => {
    expect(serverOwnerOf(new URL(address))).toBe(owner);
  });
});
