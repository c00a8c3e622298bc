/** Checks redirect addresses. Compares them as text, as RFC 9700 (section 2.1) requires. */
import { z } from 'zod';

export interface RedirectAddresses {
  allows(address: string): boolean;
  /** Replaces the registered addresses. An empty list restores the default: any port of this machine. */
  register(addresses: readonly string[]): void;
  readonly save: () => readonly string[];
  readonly load: (value: unknown) => void;
  reset(): void;
}

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The default rule: one path on any port of this machine, because tests use random ports. */
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

/** Creates a store without registered addresses. `localPath` is the path of the default rule. */
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
