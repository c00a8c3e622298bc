/**
 * GET /v1/connections/{provider}/callback: the redirect URI of the OAuth flow. Responds with a page, or redirects to the
 * return address that was stored when the flow began. Never redirects to an address from the callback request.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { PendingAuthorization } from '../../../../db/connections/authorization-requests.ts';
import { oauthProviders } from '../../../../domain/providers/vendors.ts';
import type { Api } from '../../../api.ts';
import { type BrowserSessions, createBrowserSessions } from '../../../connections/browser-session.ts';
import {
  type AuthorizationOutcome,
  type CallbackRejection,
  completeAuthorization,
} from '../../../connections/complete-authorization.ts';
import { connectionPageUrl, verifyPageLink, withConnectionStatus } from '../../../connections/page-link.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { pageResponse, sendPage } from '../../../plugins/browser-pages.ts';
import { retryAfterSeconds } from '../../../problems/outages.ts';
import { connectedPage, connectionErrorPage } from './page.ts';
import { handleConnectionPageError } from './routes.ts';
import type { ConnectionPageError } from './translations.ts';

/** As RFC 6749 and RFC 9207 define them: printable ASCII. So one of the greatest length fits in a URL. */
const text = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[ -~]*$/)
    .optional();

/** Providers send additional parameters, which are ignored. */
const query = z.object({
  state: text(200).describe('The state of the authorization that was begun'),
  code: text(4_096).describe('The authorization code. Absent when the person has refused'),
  error: text(200).describe('Why there is no code, as RFC 6749 defines it'),
  iss: text(500).describe('The issuer, as RFC 9207 defines it'),
});

const rejectionPages: Readonly<
  Record<CallbackRejection, { readonly status: number; readonly obstacle: ConnectionPageError }>
> = {
  unknown_state: { status: 400, obstacle: 'unknownState' },
  other_browser: { status: 403, obstacle: 'otherBrowser' },
  used: { status: 409, obstacle: 'used' },
  expired: { status: 410, obstacle: 'expired' },
};

const failurePages: Readonly<
  Record<
    Exclude<AuthorizationOutcome['kind'], 'connected'>,
    { readonly status: number; readonly obstacle: ConnectionPageError }
  >
> = {
  denied: { status: 403, obstacle: 'denied' },
  withdrawn: { status: 410, obstacle: 'linkExpired' },
  partial: { status: 403, obstacle: 'partial' },
  other_account: { status: 409, obstacle: 'otherAccount' },
  unusable: { status: 400, obstacle: 'unusable' },
  provider_away: { status: 503, obstacle: 'providerAway' },
  misconfigured: { status: 502, obstacle: 'misconfigured' },
};

/** Registers the callback route. */
export const connectionCallback = (api: Api, dependencies: ApiDependencies): void => {
  const browsers = createBrowserSessions(dependencies);
  const { publicUrl } = dependencies.configuration;

  api.get(
    '/v1/connections/:provider/callback',
    {
      schema: {
        operationId: 'finishConnection',
        tags: ['Connections'],
        summary: 'OAuth callback: the provider redirects the person’s browser to it',
        security: [],
        params: z.object({ provider: z.enum(oauthProviders).describe('The provider') }),
        querystring: query,
        response: {
          200: pageResponse('Connected'),
          303: z.null().describe('Connected or denied: redirects to the return address'),
          400: pageResponse('No such authorization is pending, or the provider’s response is unusable'),
          403: pageResponse('Denied by the person, or started in another browser'),
          409: pageResponse('Already used, or another account was chosen'),
          410: pageResponse('The authorization has expired, or the key that requested the link was revoked'),
          500: pageResponse('Internal error'),
          502: pageResponse('The provider does not accept our client'),
          503: pageResponse('The provider or a dependency of the service is unavailable'),
        },
      },
      errorHandler: handleConnectionPageError,
    },
    async (request, reply) => {
      const { provider } = request.params;
      const completion = await completeAuthorization(dependencies, {
        ...request.query,
        provider,
        browser: browsers.readSecret(request),
        correlationId: request.id,
        log: request.log,
      });
      const language = request.headers['accept-language'];
      if (completion.kind === 'stray') {
        const { status, obstacle } = rejectionPages[completion.reason];
        const back = originPageToken(dependencies, browsers, request);
        const actions = back ? [{ href: connectionPageUrl(publicUrl, back), label: 'back' } as const] : [];
        return sendPage(reply, status, connectionErrorPage(obstacle, language, { actions }));
      }
      const { pending, outcome } = completion;
      const back = originPageToken(dependencies, browsers, request, pending);
      const redirectUrl = redirectUrlOf(pending, outcome);
      if (redirectUrl !== undefined) return reply.redirect(redirectUrl, 303);
      if (outcome.kind === 'connected') {
        return back === undefined
          ? sendPage(reply, 200, connectedPage(provider, language))
          : reply.redirect(`${connectionPageUrl(publicUrl, back)}?done=connected&provider=${provider}`, 303);
      }
      return sendFailure(reply, language, {
        pending,
        outcome,
        back: back && connectionPageUrl(publicUrl, back),
      });
    },
  );
};

/** Returns the URL for an immediate redirect to the platform; undefined when the person must read a page first. */
const redirectUrlOf = (
  { returnTo }: PendingAuthorization,
  outcome: AuthorizationOutcome,
): string | undefined => {
  if (returnTo === undefined) return undefined;
  if (outcome.kind === 'connected') {
    return withConnectionStatus(returnTo, { status: 'connected', connection: outcome.connection });
  }
  return outcome.kind === 'denied' ? withConnectionStatus(returnTo, { status: 'denied' }) : undefined;
};

/** Returns the token of the page that this browser came from, if it belongs to the same owner. */
const originPageToken = (
  dependencies: ApiDependencies,
  browsers: BrowserSessions,
  request: FastifyRequest,
  pending?: PendingAuthorization,
): string | undefined => {
  const token = browsers.readReturnPage(request);
  const link = token === undefined ? undefined : verifyPageLink(dependencies, token);
  if (!link) return undefined;
  const isSameOwner =
    pending === undefined || (link.organization === pending.organization && link.owner === pending.owner);
  return isSameOwner ? token : undefined;
};

const sendFailure = (
  reply: FastifyReply,
  language: string | undefined,
  failed: {
    readonly pending: PendingAuthorization;
    readonly outcome: Exclude<AuthorizationOutcome, { kind: 'connected' }>;
    readonly back: string | undefined;
  },
): FastifyReply => {
  const { pending, outcome, back } = failed;
  const { status, obstacle } = failurePages[outcome.kind];
  if (status === 503) reply.header('Retry-After', retryAfterSeconds);
  // The link leads nowhere any more: neither back to its page, nor to the return address in it.
  if (outcome.kind === 'withdrawn') return sendPage(reply, status, connectionErrorPage(obstacle, language));
  const html = connectionErrorPage(obstacle, language, {
    actions: [
      ...(back === undefined ? [] : [{ href: back, label: 'tryAgain' } as const]),
      ...(pending.returnTo === undefined
        ? []
        : [{ href: withConnectionStatus(pending.returnTo, { status: 'failed' }), label: 'leave' } as const]),
    ],
    ...(outcome.kind === 'partial' && { missing: { provider: pending.provider, scopes: outcome.missing } }),
  });
  return sendPage(reply, status, html);
};
