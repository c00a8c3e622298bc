/**
 * `fetch` for libraries that call a server which a person has named. Follows redirects, as CalDAV's discovery needs them
 * (RFC 6764, section 5; iCloud sends caldav.icloud.com to pNN-caldav.icloud.com), but each of them is a new address that
 * has to be allowed, and a password goes to no other owner's domain.
 */
import { getDomain } from 'tldts';
import { type Dispatcher, fetch } from 'undici';
import { addressNotAllowed, isAddressNotAllowed } from './address-rules.ts';
import { parseWebAddress } from './early-check.ts';

type Fetch = typeof globalThis.fetch;

const maxRedirects = 3;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const credentials = ['authorization', 'proxy-authorization', 'cookie'];

/** The part of a name that somebody has registered, after the Public Suffix List; an IP address is its own. */
const registrableDomainOf = ({ hostname }: URL): string =>
  getDomain(hostname, { allowPrivateDomains: true }) ?? hostname;

export const maySendCredentials = (home: URL, to: URL): boolean =>
  registrableDomainOf(home) === registrableDomainOf(to) &&
  (home.protocol === to.protocol || to.protocol === 'https:');

/** After the fetch standard, "HTTP-redirect fetch", step 12. */
const becomesGet = (status: number, method: string): boolean =>
  status === 303 ? method !== 'GET' && method !== 'HEAD' : method === 'POST' && status <= 302;

interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: ArrayBuffer | undefined;
}

const nextHop = (hop: Hop, status: number, location: string, home: URL): Hop => {
  const url = parseWebAddress(new URL(location, hop.url).href);
  const headers = new Headers(hop.headers);
  if (!maySendCredentials(home, url)) for (const name of credentials) headers.delete(name);
  if (!becomesGet(status, hop.method)) return { ...hop, url, headers };
  headers.delete('content-type');
  return { url, method: 'GET', headers, body: undefined };
};

/**
 * `home` is the server that credentials are meant for; without it, wherever a request goes to first. A library that
 * follows a link by itself gets nothing to log in with there, if the link leads to somebody else.
 * Throws `Refusal` `address_not_allowed`, and what `fetch` throws.
 */
export const createGuardedFetch = (dispatcher: Dispatcher, home?: URL): Fetch => {
  const send = async ({ url, method, headers, body }: Hop, signal: AbortSignal) => {
    try {
      return await fetch(url, {
        dispatcher,
        method,
        headers: [...headers],
        body: body ?? null,
        signal,
        redirect: 'manual',
      });
    } catch (error) {
      throw isAddressNotAllowed(error) && error instanceof TypeError ? error.cause : error;
    }
  };
  return async (input, init) => {
    parseWebAddress(input instanceof Request ? input.url : String(input));
    const asked = new Request(input, init);
    const url = new URL(asked.url);
    const body = asked.body ? await asked.arrayBuffer() : undefined;
    let hop: Hop = { url, method: asked.method, headers: new Headers(asked.headers), body };
    if (home && !maySendCredentials(home, url)) for (const name of credentials) hop.headers.delete(name);
    for (let count = 0; ; count += 1) {
      const response = await send(hop, asked.signal);
      const location = redirects.has(response.status) ? response.headers.get('location') : null;
      if (location === null || asked.redirect === 'manual') return response;
      await response.body?.cancel();
      if (asked.redirect === 'error' || count === maxRedirects || !URL.canParse(location, hop.url.href)) {
        throw addressNotAllowed(
          `${url.hostname} sends its callers from one address to the next.`,
          'Give the address that it leads to in the end.',
        );
      }
      hop = nextHop(hop, response.status, location, home ?? url);
    }
  };
};
