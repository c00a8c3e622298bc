/**
 * Connects an Apple account, or an account on any other CalDAV server. There is no OAuth: the person creates an
 * app-specific password (https://support.apple.com/102654). Discovery (RFC 6764, section 6) starts at the server's
 * address: `.well-known/caldav`, the principal, its calendar home.
 */
import type { Credential } from '../../domain/connections/grant.ts';
import { withDeadline } from '../errors/transport-errors.ts';
import { AnswerTooLarge } from '../http/limited-body.ts';
import type { PasswordAuthorizer } from '../oauth/authorizers.ts';
import { operationOf } from '../operations.ts';
import { parseWebAddress } from '../outbound/early-check.ts';
import { maySendCredentials } from '../outbound/guarded-fetch.ts';
import { serverOwnerOf } from '../outbound/server-owner.ts';
import type { CallContext } from '../ports.ts';
import { type FetchFor, type Outcome, recordingFetch } from './client.ts';
import { answeringDigest } from './digest-authentication.ts';
import { discoverHomes } from './discovery.ts';
import { appleError, fromApple, userMessages } from './errors.ts';
import { type AppleSettings, discoveryDeadlineMs } from './settings.ts';

const connectAccount = operationOf('apple', 'account.connect');

/** Creates the password port of Apple. `fetchFor` must return a guarded `fetch`, because a person names the server. */
export const createAppleAuthorizer = (settings: AppleSettings, fetchFor: FetchFor): PasswordAuthorizer => ({
  provider: 'apple',
  serverOwner: (serverUrl) => {
    const address = addressOf(settings, serverUrl);
    return URL.canParse(address) ? serverOwnerOf(new URL(address)) : address;
  },
  connect: async ({ serverUrl, username, password }, call) => {
    const outcomes: Outcome[] = [];
    try {
      const server = parseWebAddress(addressOf(settings, serverUrl));
      const answering = answeringDigest(fetchFor(server), server, { username, password });
      const fetch = recordingFetch(answering, withDeadline(call, discoveryDeadlineMs), outcomes);
      const credential = { kind: 'app_password', serverUrl: server.href, username, password } as const;
      const principal = await principalOf(credential, fetch).catch((error: unknown) => {
        throw discoveryErrorOf(outcomes, server, call) ?? error;
      });
      return { account: { id: principal, name: username }, scopes: [], credential };
    } catch (error) {
      throw fromApple(connectAccount, error, call);
    }
  },
});

type AppPassword = Extract<Credential, { kind: 'app_password' }>;

/** Returns the URL of the person's principal, which does not change with names and passwords. */
const principalOf = async (
  { serverUrl, username, password }: AppPassword,
  fetch: typeof globalThis.fetch,
): Promise<string> => {
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  const headers = { authorization: `Basic ${basic}` };
  const found = await discoverHomes({ serverUrl, headers, fetch });
  if (!found) {
    throw appleError(connectAccount, { code: 'no_calendar_server', message: userMessages.noCalendarServer });
  }
  return found.principalUrl;
};

/** Returns the address that is called. Adds https:// to one without a scheme, such as `caldav.example.com`. */
const addressOf = ({ caldavUrl }: AppleSettings, serverUrl: string | undefined): string => {
  const address = serverUrl?.trim() || caldavUrl;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `https://${address}`;
};

/**
 * Returns why a discovery failed. Discovery tries several addresses, and the last error can concern one that the person
 * did not name: the most specific answer counts.
 */
const discoveryErrorOf = (outcomes: readonly Outcome[], server: URL, call: CallContext) => {
  const failed = outcomes.filter((outcome) => outcome.kind === 'failed').map(({ error }) => error);
  const answered = outcomes.filter((outcome) => outcome.kind === 'answered');
  const refused = answered.filter(({ status }) => status === 401);
  const [first] = refused;
  if (refused.some(({ url }) => maySendCredentials(server, url))) {
    return appleError(connectAccount, { status: 401, message: userMessages.wrongPassword });
  }
  if (first) {
    return appleError(connectAccount, { code: 'leads_elsewhere', message: userMessages.leadsElsewhere });
  }
  if (failed.some((error) => error instanceof AnswerTooLarge)) {
    return appleError(connectAccount, { code: 'answer_too_large', message: userMessages.tooLarge });
  }
  if (failed.length > 0) return fromApple(connectAccount, failed.at(-1), call);
  const unavailable = answered.findLast(({ status }) => status === 429 || status === 403 || status >= 500);
  if (unavailable) {
    const { status, retryAfter } = unavailable;
    return appleError(connectAccount, { status, retryAfter, message: 'the server cannot answer now' });
  }
  return appleError(connectAccount, { code: 'no_calendar_server', message: userMessages.noCalendarServer });
};
