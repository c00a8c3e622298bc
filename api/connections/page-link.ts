/** The addresses of the page on which a person connects accounts: how long each is good for, and where it may lead on. */
import { Refusal } from '../../domain/errors.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { ConnectionLink } from '../../foundation/links/connection-link.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** Followed at once by a browser that the platform sends there. */
const linkLifetimeMs = 60 * 60_000;

export const connectionPageUrl = (publicUrl: string, token: string): string =>
  `${publicUrl}/connections/${token}`;

export const createPageLink = (
  { configuration, connectionLinks, now }: Pick<ApiDependencies, 'configuration' | 'connectionLinks' | 'now'>,
  link: Omit<ConnectionLink, 'expiresAt'>,
): { readonly url: string; readonly expiresAt: Instant } => {
  const expiresAt = toInstant(toEpochMs(now()) + linkLifetimeMs);
  const token = connectionLinks.token({ ...link, expiresAt });
  return { url: connectionPageUrl(configuration.publicUrl, token), expiresAt };
};

/** Undefined for a link that we did not write, or that has expired. */
export const verifyPageLink = (
  dependencies: Pick<ApiDependencies, 'connectionLinks' | 'now'>,
  token: string,
): ConnectionLink | undefined => {
  const link = dependencies.connectionLinks.verify(token);
  return link && toEpochMs(link.expiresAt) > toEpochMs(dependencies.now()) ? link : undefined;
};

/**
 * What a token opens.
 * @throws {Refusal} `link_invalid`, `link_expired`
 */
export const requirePageLink = (
  dependencies: Pick<ApiDependencies, 'connectionLinks' | 'now'>,
  token: string,
): ConnectionLink => {
  const link = verifyPageLink(dependencies, token);
  if (link) return link;
  if (dependencies.connectionLinks.verify(token)) {
    throw new Refusal(
      'link_expired',
      'This link was good for a time that is over.',
      'Ask for another one where you got it.',
    );
  }
  throw new Refusal('link_invalid', 'We did not write this link.', 'Use the link as it was given to you.');
};

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

const isAllowed = (
  { environment, publicUrl, platformOrigins }: ApiDependencies['configuration'],
  url: URL,
): boolean => {
  if (url.username !== '' || url.password !== '') return false;
  // The origin of `blob:https://…` is that of the address within it.
  if (!/^https?:$/.test(url.protocol)) return false;
  if ([publicUrl, ...platformOrigins].some((one) => url.origin === new URL(one).origin)) return true;
  return (environment === 'local' || environment === 'test') && loopback.has(url.hostname);
};

/**
 * Where a person may be sent on to, written as a browser reads it: nothing but pages beside our own and the platform's, or a
 * link of ours would lead anywhere (an open redirector, RFC 9700 section 4.11).
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
    'returnTo leads to an address that people may not be sent on to.',
    `Use an address under ${[new URL(configuration.publicUrl).origin, ...configuration.platformOrigins].join(' or ')}.`,
    ['/returnTo'],
  );
};

/** The address with what became of it. */
export const withConnectionStatus = (
  returnTo: string,
  outcome: { readonly status: 'connected' | 'denied' | 'failed'; readonly connection?: string | undefined },
): string => {
  const url = new URL(returnTo);
  if (outcome.connection !== undefined) url.searchParams.set('connection', outcome.connection);
  url.searchParams.set('status', outcome.status);
  return url.href;
};
