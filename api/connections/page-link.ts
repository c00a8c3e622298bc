/** Creates and verifies links to the page on which a person connects accounts, and checks their return addresses. */
import { Refusal } from '../../domain/errors.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { ConnectionLink } from '../../foundation/links/connection-link.ts';
import type { Caller } from '../access/caller.ts';
import { linkExpiry } from '../access/minter-rights.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** Short, because the platform sends the browser there immediately. */
const linkLifetimeMs = 60 * 60_000;

/** Returns the URL of the page that a token opens. */
export const connectionPageUrl = (publicUrl: string, token: string): string =>
  `${publicUrl}/connections/${token}`;

/** Creates a signed link for a caller. It expires after an hour, and with the token of the caller. */
export const createPageLink = (
  { configuration, connectionLinks, now }: Pick<ApiDependencies, 'configuration' | 'connectionLinks' | 'now'>,
  { id, role, expiresAt: tokenExpiry, organization }: Caller,
  link: Omit<ConnectionLink, 'organization' | 'expiresAt' | 'minter'>,
): { readonly url: string; readonly expiresAt: Instant } => {
  const expiresAt = linkExpiry(now(), linkLifetimeMs, { expiresAt: tokenExpiry });
  const token = connectionLinks.token({ ...link, organization, expiresAt, minter: { id, role } });
  return { url: connectionPageUrl(configuration.publicUrl, token), expiresAt };
};

/** Returns the content of a link; undefined when its signature is invalid or it has expired. */
export const verifyPageLink = (
  dependencies: Pick<ApiDependencies, 'connectionLinks' | 'now'>,
  token: string,
): ConnectionLink | undefined => {
  const link = dependencies.connectionLinks.verify(token);
  return link && toEpochMs(link.expiresAt) > toEpochMs(dependencies.now()) ? link : undefined;
};

/**
 * Returns the content of a link.
 * @throws {Refusal} `link_invalid`, `link_expired`
 */
export const requirePageLink = (
  dependencies: Pick<ApiDependencies, 'connectionLinks' | 'now'>,
  token: string,
): ConnectionLink => {
  const link = verifyPageLink(dependencies, token);
  if (link) return link;
  if (dependencies.connectionLinks.verify(token)) {
    throw new Refusal('link_expired', 'This link has expired.', 'Request a new link where you got this one.');
  }
  throw new Refusal('link_invalid', 'This link is not valid.', 'Use the complete link as you received it.');
};

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

const isAllowed = (
  { environment, publicUrl, platformOrigins }: ApiDependencies['configuration'],
  url: URL,
): boolean => {
  if (url.username !== '' || url.password !== '') return false;
  // The origin of `blob:https://…` is the origin of the inner URL.
  if (!/^https?:$/.test(url.protocol)) return false;
  if ([publicUrl, ...platformOrigins].some((allowed) => url.origin === new URL(allowed).origin)) return true;
  return (environment === 'local' || environment === 'test') && loopback.has(url.hostname);
};

/**
 * Returns the return address in normalized form. Only origins of this service and of the platform are allowed;
 * otherwise our links would be open redirectors (RFC 9700 section 4.11).
 * @throws {Refusal} `return_address_not_allowed`
 */
export const checkReturnUrl = (
  configuration: ApiDependencies['configuration'],
  returnTo: string | undefined,
): string | undefined => {
  if (returnTo === undefined) return undefined;
  const url = URL.canParse(returnTo) ? new URL(returnTo) : undefined;
  if (url && isAllowed(configuration, url)) return url.href;
  throw new Refusal(
    'return_address_not_allowed',
    'returnTo is not under an allowed origin.',
    `Use an address under ${[new URL(configuration.publicUrl).origin, ...configuration.platformOrigins].join(' or ')}.`,
    ['/returnTo'],
  );
};

/** Adds the outcome to the query of a return address. */
export const withConnectionStatus = (
  returnTo: string,
  outcome: { readonly status: 'connected' | 'denied' | 'failed'; readonly connection?: string | undefined },
): string => {
  const url = new URL(returnTo);
  if (outcome.connection !== undefined) url.searchParams.set('connection', outcome.connection);
  url.searchParams.set('status', outcome.status);
  return url.href;
};
