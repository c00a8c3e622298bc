import { describe, expect, it } from 'vitest';
import { addressAt } from './discovery.ts';

describe('an address that a server names', () => {
  it.each([
    // A server behind a proxy that ends TLS.
    ['http://dav.example.com/principals/ann/', 'https://dav.example.com/principals/ann/'],
    ['http://localhost:8080/principals/ann/?a=1', 'https://dav.example.com/principals/ann/?a=1'],
    ['https://dav.example.com/principals/ann/', 'https://dav.example.com/principals/ann/'],
    ['https://p42-dav.example.com:443/ann/', 'https://p42-dav.example.com/ann/'],
    ['https://dav.example.com:8443/ann/', 'https://dav.example.com:8443/ann/'],
    ['https://other.example.org/ann/', 'https://dav.example.com/ann/'],
  ])('as %s is requested at %s', (named, address) => {
    expect(addressAt(new URL('https://dav.example.com/dav/'), new URL(named)).href).toBe(address);
  });
});
