/**
 * Finds the principal of an account and its calendar homes (RFC 6764, section 6; RFC 4791, section 6.2.1).
 *
 * Servers behind a proxy name addresses of their own: an internal host, or `http` instead of `https`. What a server names at an address
 * that may not get the password is requested at the server itself.
 */
import { createAccount, propfind } from 'tsdav';
import { z } from 'zod';
import { maySendCredentials } from '../outbound/guarded-fetch.ts';
import { addressOf, type Fetch } from './client.ts';
import { textValue } from './dav-values.ts';

interface Discovery {
  readonly serverUrl: string;
  readonly headers: Record<string, string>;
  readonly fetch: Fetch;
}

export interface Discovered {
  readonly principalUrl: string;
  /** As the server has named them. At least one. */
  readonly homes: readonly [string, ...string[]];
}

/** Returns undefined when the server names no principal, or none of its homes. @throws what `tsdav` throws when a request has failed */
export const discoverHomes = async ({
  serverUrl,
  headers,
  fetch,
}: Discovery): Promise<Discovered | undefined> => {
  const server = new URL(serverUrl);
  let redirectedTo: URL | undefined;
  let hasFailed = false;
  const fetchNamed = fetchAt(fetch, server);
  const asking: Fetch = async (input, init) => {
    const asked = addressOf(input);
    const response = await fetchNamed(asked, init).catch((error: unknown) => {
      hasFailed = true;
      throw error;
    });
    if (saysNothing(response.status)) hasFailed = true;
    if (response.url !== '' && new URL(response.url).origin !== new URL(asked).origin)
      redirectedTo = new URL(response.url);
    return response;
  };
  const named = await createAccount({
    // The home is only a placeholder, because the library reads the first one.
    account: { serverUrl, accountType: 'caldav', homeUrl: serverUrl },
    headers,
    fetch: asking,
  }).then(
    ({ principalUrl }) => principalUrl,
    (error: unknown) => {
      // The library also throws when an answer has no principal.
      if (hasFailed) throw error;
    },
  );
  if (named === undefined) return undefined;
  // The library does not know that it was redirected: a path that the server names belongs to the last host.
  const candidates = [named, ...(redirectedTo ? [new URL(new URL(named).pathname, redirectedTo).href] : [])];
  for (const candidate of candidates) {
    const principal = addressAt(server, new URL(candidate));
    const [first, ...others] = await homesOf({ principal, headers, fetch });
    if (first !== undefined) return { principalUrl: principal.href, homes: [first, ...others] };
  }
  return undefined;
};

/** Whether the answer says nothing about what is at the address. */
const saysNothing = (status: number): boolean =>
  status === 401 || status === 403 || status === 429 || status >= 500;

/** Returns the address at which to ask for what the server has named. */
export const addressAt = (server: URL, named: URL): URL => {
  const isReachable =
    named.host === server.host ? named.protocol === server.protocol : maySendCredentials(server, named);
  return isReachable ? named : new URL(named.pathname + named.search, server);
};

/**
 * Wraps `fetch`: what the server has named is requested at `addressAt`. When there is nothing, the named address is requested: its answer
 * says why the account cannot be used.
 */
export const fetchAt =
  (fetch: Fetch, server: URL): Fetch =>
  async (input, init) => {
    const named = new URL(addressOf(input));
    const address = addressAt(server, named);
    if (address.href === named.href) return fetch(input, init);
    const response = await fetch(address, init);
    return absent.has(response.status) ? fetch(input, init) : response;
  };

const absent: ReadonlySet<number> = new Set([404, 405, 410]);

const principalSchema = z.object({
  calendarHomeSet: z
    .object({ href: z.union([z.array(textValue), textValue.transform((only) => [only])]) })
    .optional()
    .catch(undefined),
});

const homesOf = async ({
  principal,
  headers,
  fetch,
}: Omit<Discovery, 'serverUrl'> & { readonly principal: URL }): Promise<readonly string[]> => {
  const answers = await propfind({
    url: principal.href,
    depth: '0',
    props: { 'c:calendar-home-set': {} },
    headers,
    fetch,
  });
  const homes = answers.flatMap(
    ({ props }) => principalSchema.parse(props ?? {}).calendarHomeSet?.href ?? [],
  );
  return homes.map((home) => new URL(home, principal).href);
};
