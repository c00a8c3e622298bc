/**
 * GET /v1/connections/{provider}/callback: where a provider sends a person's browser back to. Whatever comes of it, the
 * person reads it on a page, or goes on to where they came from; never to an address that came with the request.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AskedConsent } from '../../../../db/connections/authorization-requests.ts';
import { oauthProviders } from '../../../../domain/providers/vendors.ts';
import type { Api } from '../../../api.ts';
import { type Browsers, createBrowsers } from '../../../connections/browser.ts';
import { completeAuthorization, type Ending, type Stray } from '../../../connections/complete.ts';
import { pageAddress, readLink, withOutcome } from '../../../connections/link.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { pageResponse, sendPage } from '../../../plugins/browser-pages.ts';
import { retryAfterSeconds } from '../../../problems/outages.ts';
import { donePage, obstaclePage } from './page.ts';
import { handlePageError } from './routes.ts';
import type { Obstacle } from './words.ts';

const text = (longest: number) => z.string().max(longest).optional();

/** Providers add more of their own, which is not for us. */
const query = z.object({
  state: text(200),
  code: text(4_096),
  error: text(200),
  iss: text(500),
});

const strays: Readonly<Record<Stray, { readonly status: number; readonly obstacle: Obstacle }>> = {
  unknown_state: { status: 400, obstacle: 'unknownState' },
  other_browser: { status: 403, obstacle: 'otherBrowser' },
  used: { status: 409, obstacle: 'used' },
  expired: { status: 410, obstacle: 'expired' },
};

const failures: Readonly<
  Record<Exclude<Ending['kind'], 'connected'>, { readonly status: number; readonly obstacle: Obstacle }>
> = {
  denied: { status: 403, obstacle: 'denied' },
  partial: { status: 403, obstacle: 'partial' },
  other_account: { status: 409, obstacle: 'otherAccount' },
  unusable: { status: 400, obstacle: 'unusable' },
  provider_away: { status: 503, obstacle: 'providerAway' },
  misconfigured: { status: 502, obstacle: 'misconfigured' },
};

export const connectionCallback = (api: Api, dependencies: ApiDependencies): void => {
  const browsers = createBrowsers(dependencies);
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
      errorHandler: handlePageError,
    },
    async (request, reply) => {
      const { provider } = request.params;
      const completion = await completeAuthorization(dependencies, {
        ...request.query,
        provider,
        browser: browsers.known(request),
        correlationId: request.id,
        log: request.log,
      });
      const language = request.headers['accept-language'];
      if (completion.kind === 'stray') {
        const { status, obstacle } = strays[completion.why];
        const back = pageOf(dependencies, browsers, request);
        const ways = back ? [{ href: pageAddress(publicUrl, back), label: 'back' } as const] : [];
        return sendPage(reply, status, obstaclePage(obstacle, language, { ways }));
      }
      const { asked, ending } = completion;
      const back = pageOf(dependencies, browsers, request, asked);
      const goOn = onward(asked, ending);
      if (goOn !== undefined) return reply.redirect(goOn, 303);
      if (ending.kind === 'connected') {
        return back === undefined
          ? sendPage(reply, 200, donePage(provider, language))
          : reply.redirect(`${pageAddress(publicUrl, back)}?done=connected&provider=${provider}`, 303);
      }
      return sendFailure(reply, language, { asked, ending, back: back && pageAddress(publicUrl, back) });
    },
  );
};

/** To the platform at once, where there is nothing to explain. */
const onward = ({ returnTo }: AskedConsent, ending: Ending): string | undefined => {
  if (returnTo === undefined) return undefined;
  if (ending.kind === 'connected') {
    return withOutcome(returnTo, { status: 'connected', connection: ending.connection });
  }
  return ending.kind === 'denied' ? withOutcome(returnTo, { status: 'denied' }) : undefined;
};

/** The page that this browser came from, if it is of the same person. */
const pageOf = (
  dependencies: ApiDependencies,
  browsers: Browsers,
  request: FastifyRequest,
  asked?: AskedConsent,
): string | undefined => {
  const token = browsers.pageToReturnTo(request);
  const link = token === undefined ? undefined : readLink(dependencies, token);
  if (!link) return undefined;
  const isTheirs =
    asked === undefined || (link.organization === asked.organization && link.owner === asked.owner);
  return isTheirs ? token : undefined;
};

const sendFailure = (
  reply: FastifyReply,
  language: string | undefined,
  failed: {
    readonly asked: AskedConsent;
    readonly ending: Exclude<Ending, { kind: 'connected' }>;
    readonly back: string | undefined;
  },
): FastifyReply => {
  const { asked, ending, back } = failed;
  const { status, obstacle } = failures[ending.kind];
  if (status === 503) reply.header('Retry-After', retryAfterSeconds);
  const html = obstaclePage(obstacle, language, {
    ways: [
      ...(back === undefined ? [] : [{ href: back, label: 'tryAgain' } as const]),
      ...(asked.returnTo === undefined
        ? []
        : [{ href: withOutcome(asked.returnTo, { status: 'failed' }), label: 'leave' } as const]),
    ],
    ...(ending.kind === 'partial' && { missing: { provider: asked.provider, scopes: ending.missing } }),
  });
  return sendPage(reply, status, html);
};
