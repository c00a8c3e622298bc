/**
 * Connecting an Apple account, or one on any other CalDAV server. There is no OAuth: the person makes an app-specific
 * password (https://support.apple.com/102654), and discovery finds their calendars from the server's address
 * (RFC 6764, section 6): `.well-known/caldav`, the principal, and its home of calendars.
 */
import { createAccount } from 'tsdav';
import type { Credential } from '../../domain/connections/grant.ts';
import { withDeadline } from '../errors/transport-errors.ts';
import type { PasswordAuthorizer } from '../oauth/authorizers.ts';
import { operationOf } from '../operations.ts';
import { parseWebAddress } from '../outbound/early-check.ts';
import { maySendCredentials } from '../outbound/guarded-fetch.ts';
import type { CallContext } from '../ports.ts';
import { AnswerTooLarge, type FetchFor, type Outcome, recordingFetch } from './client.ts';
import { appleError, fromApple, userMessages } from './errors.ts';
import { type AppleSettings, discoveryDeadlineMs } from './settings.ts';

const connectAccount = operationOf('apple', 'account.connect');

export const createAppleAuthorizer = (settings: AppleSettings, fetchFor: FetchFor): PasswordAuthorizer => ({
  provider: 'apple',
  connect: async ({ serverUrl, username, password }, call) => {
    const outcomes: Outcome[] = [];
    try {
      const server = parseWebAddress(withScheme(serverUrl?.trim() || settings.caldavUrl));
      const fetch = recordingFetch(fetchFor(server), withDeadline(call, discoveryDeadlineMs), outcomes);
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

/** The address of the person's principal: it stays when names and passwords change. */
const principalOf = async (
  { serverUrl, username, password }: AppPassword,
  fetch: typeof globalThis.fetch,
): Promise<string> => {
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  const { principalUrl } = await createAccount({
    account: { serverUrl, accountType: 'caldav' },
    headers: { authorization: `Basic ${basic}` },
    fetch,
  });
  if (!principalUrl) {
    throw appleError(connectAccount, { code: 'no_calendar_server', message: userMessages.noCalendarServer });
  }
  return principalUrl;
};

/** People write `caldav.example.com`. */
const withScheme = (address: string): string =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `https://${address}`;

/**
 * Why a discovery found nothing. Several addresses are tried, and the last error may be about one that nobody meant: the
 * most telling answer counts.
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
  const trouble = answered.findLast(({ status }) => status === 429 || status === 403 || status >= 500);
  if (trouble) {
    const { status, retryAfter } = trouble;
    return appleError(connectAccount, { status, retryAfter, message: 'the server cannot answer now' });
  }
  return appleError(connectAccount, { code: 'no_calendar_server', message: userMessages.noCalendarServer });
};
