/**
 * Provides `fetch` for libraries that call a server which a person has named. It follows redirects, because CalDAV
 * discovery needs them (RFC 6764, section 5; iCloud redirects caldav.icloud.com to pNN-caldav.icloud.com). Every redirect
 * target must be an allowed address, and credentials are never sent to another registrable domain.
 */
import { type Dispatcher, fetch } from 'undici';
import { addressNotAllowed, isAddressNotAllowed } from './address-rules.ts';
import { parseWebAddress } from './early-check.ts';
import { serverOwnerOf } from './server-owner.ts';

type Fetch = typeof globalThis.fetch;

const maxRedirects = 3;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const credentials = ['authorization', 'proxy-authorization', 'cookie'];

/** Whether credentials meant for `home` can be sent to `to`: same registrable domain, and never from https to http. */
export const maySendCredentials = (home: URL, to: URL): boolean =>
  serverOwnerOf(home) === serverOwnerOf(to) && (home.protocol === to.protocol || to.protocol === 'https:');

/** Whether a redirect changes the method to GET (fetch standard, "HTTP-redirect fetch", step 12). */
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
 * Returns a guarded `fetch`. Credentials are removed from every request to another owner's server, also when a library
 * follows a link by itself.
 *
 * @param home the server that the credentials are meant for; default: the first URL of each request.
 * @throws {Refusal} `address_not_allowed`; also whatever `fetch` throws.
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
    const request = new Request(input, init);
    const url = new URL(request.url);
    const body = request.body ? await request.arrayBuffer() : undefined;
    let hop: Hop = { url, method: request.method, headers: new Headers(request.headers), body };
    if (home && !maySendCredentials(home, url)) for (const name of credentials) hop.headers.delete(name);
    for (let count = 0; ; count += 1) {
      const response = await send(hop, request.signal);
      const location = redirects.has(response.status) ? response.headers.get('location') : null;
      if (location === null || request.redirect === 'manual') return response;
      await response.body?.cancel();
      if (request.redirect === 'error' || count === maxRedirects || !URL.canParse(location, hop.url.href)) {
        throw addressNotAllowed(
          `${url.hostname} answers with too many redirects, or with one that cannot be followed.`,
          'Give the address at which the redirects end.',
        );
      }
      hop = nextHop(hop, response.status, location, home ?? url);
    }
  };
};
