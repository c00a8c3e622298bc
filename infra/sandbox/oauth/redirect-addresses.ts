/** Where a client may be sent back to. Compared as text, as RFC 9700 (section 2.1) wants it. */
import { z } from 'zod';

export interface RedirectAddresses {
  allows(address: string): boolean;
  /** Takes the place of what was registered; none brings back the default, any port of this machine. */
  register(addresses: readonly string[]): void;
  readonly save: () => readonly string[];
  readonly load: (value: unknown) => void;
  reset(): void;
}

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Unless something is registered, one path on any port of this machine: nobody knows the port of a test before. */
const isOnThisMachine = (address: string, path: string): boolean => {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  return (
    url.protocol === 'http:' &&
    loopback.has(url.hostname) &&
    url.pathname === path &&
    address === `${url.origin}${path}`
  );
};

export const createRedirectAddresses = (localPath: string): RedirectAddresses => {
  let registered: readonly string[] = [];
  return {
    allows: (address) =>
      registered.length > 0 ? registered.includes(address) : isOnThisMachine(address, localPath),
    register(addresses) {
      registered = [...addresses];
    },
    save: () => registered,
    load(value) {
      registered = z.array(z.string()).parse(value);
    },
    reset() {
      registered = [];
    },
  };
};
