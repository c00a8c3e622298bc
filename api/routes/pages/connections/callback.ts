/**
 * GET /v1/connections/{provider}/callback: where a provider sends a person's browser back to. Whatever comes of it, the
 * person reads it on a page, or goes on to where they came from; never to an address that came with the request.
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

const text = (longest: number) => z.string().max(longest).optional();

/** Providers add more of their own, which is not for us. */
const query = z.object({
  state: text(200),
  code: text(4_096),
  error: text(200),
  iss: text(500),
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
  partial: { status: 403, obstacle: 'partial' },
  other_account: { status: 409, obstacle: 'otherAccount' },
  unusable: { status: 400, obstacle: 'unusable' },
  provider_away: { status: 503, obstacle: 'providerAway' },
  misconfigured: { status: 502, obstacle: 'misconfigured' },
};

export const connectionCallback = (api: Api, dependencies: ApiDependencies): void => {
  const browsers = createBrowserSessions(dependencies);
  const { publicUrl } = dependencies.configuration;

  api.get(
    '/v1/connections/:provider/callback',
    {
      schema: {
        operationId: 'finishConnection',
        tags: ['Connections'],
        summary: 'Where a provider sends a person’s browser back to',
        security: [],
        params: z.object({ provider: z.enum(oauthProviders) }),
        querystring: query,
        response: {
          200: pageResponse('Connected'),
          303: z.null().describe('Connected or denied: on to where the person came from'),
          400: pageResponse('Nothing that was begun here, or an answer that cannot be used'),
          403: pageResponse('Not allowed by the person, or begun in another browser'),
          409: pageResponse('Used before, or another account'),
          410: pageResponse('Begun too long ago'),
          500: pageResponse('Something went wrong on our side'),
          502: pageResponse('The provider does not accept our client'),
          503: pageResponse('The provider or a part of the service does not answer'),
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
        const ways = back ? [{ href: connectionPageUrl(publicUrl, back), label: 'back' } as const] : [];
        return sendPage(reply, status, connectionErrorPage(obstacle, language, { ways }));
      }
      const { asked, outcome } = completion;
      const back = originPageToken(dependencies, browsers, request, asked);
      const redirectUrl = redirectUrlOf(asked, outcome);
      if (redirectUrl !== undefined) return reply.redirect(redirectUrl, 303);
      if (outcome.kind === 'connected') {
        return back === undefined
          ? sendPage(reply, 200, connectedPage(provider, language))
          : reply.redirect(`${connectionPageUrl(publicUrl, back)}?done=connected&provider=${provider}`, 303);
      }
      return sendFailure(reply, language, {
        asked,
        ending: outcome,
        back: back && connectionPageUrl(publicUrl, back),
      });
    },
  );
};

/** To the platform at once, where there is nothing to explain. */
const redirectUrlOf = (
  { returnTo }: PendingAuthorization,
  ending: AuthorizationOutcome,
): string | undefined => {
  if (returnTo === undefined) return undefined;
  if (ending.kind === 'connected') {
    return withConnectionStatus(returnTo, { status: 'connected', connection: ending.connection });
  }
  return ending.kind === 'denied' ? withConnectionStatus(returnTo, { status: 'denied' }) : undefined;
};

/** The page that this browser came from, if it is of the same person. */
const originPageToken = (
  dependencies: ApiDependencies,
  browsers: BrowserSessions,
  request: FastifyRequest,
  asked?: PendingAuthorization,
): string | undefined => {
  const token = browsers.readReturnPage(request);
  const link = token === undefined ? undefined : verifyPageLink(dependencies, token);
  if (!link) return undefined;
  const isTheirs =
    asked === undefined || (link.organization === asked.organization && link.owner === asked.owner);
  return isTheirs ? token : undefined;
};

const sendFailure = (
  reply: FastifyReply,
  language: string | undefined,
  failed: {
    readonly asked: PendingAuthorization;
    readonly ending: Exclude<AuthorizationOutcome, { kind: 'connected' }>;
    readonly back: string | undefined;
  },
): FastifyReply => {
  const { asked, ending, back } = failed;
  const { status, obstacle } = failurePages[ending.kind];
  if (status === 503) reply.header('Retry-After', retryAfterSeconds);
  const html = connectionErrorPage(obstacle, language, {
    ways: [
      ...(back === undefined ? [] : [{ href: back, label: 'tryAgain' } as const]),
      ...(asked.returnTo === undefined
        ? []
        : [{ href: withConnectionStatus(asked.returnTo, { status: 'failed' }), label: 'leave' } as const]),
    ],
    ...(ending.kind === 'partial' && { missing: { provider: asked.provider, scopes: ending.missing } }),
  });
  return sendPage(reply, status, html);
};
