/** HTML pages for people. Only these routes accept forms and read cookies. */
import cookie from '@fastify/cookie';
import formBody from '@fastify/formbody';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RefusalCode } from '../../domain/errors.ts';
import type { Api } from '../api.ts';
import { problemKinds } from '../problems/catalogue.ts';
import { refusalFor } from '../problems/error-handler.ts';
import { retryAfterSeconds } from '../problems/outages.ts';
import { pagePolicy } from './security-headers.ts';

/** Our forms need the Origin header: with `no-referrer` a browser sends `Origin: null` (Fetch, 3.1). */
const pageHeaders = { ...pagePolicy, referrerPolicy: { policy: 'same-origin' } } as const;

/**
 * Headers of a page whose form leads to another site. Browsers apply `form-action` to the redirect that answers the form
 * (https://www.w3.org/TR/CSP3/#directive-form-action).
 */
export const leavingPageHeaders = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      ...pagePolicy.contentSecurityPolicy.directives,
      formAction: ["'self'", 'https:'],
    },
  },
  referrerPolicy: { policy: 'same-origin' },
} as const;

/** Registers routes in a scope with form bodies, cookies and the content security policy of pages. */
export const withBrowserPages = async (
  api: Api,
  addRoutes: (api: Api) => void,
  headers: typeof pageHeaders | typeof leavingPageHeaders = pageHeaders,
): Promise<void> => {
  await api.register(async (scope) => {
    await scope.register(formBody);
    await scope.register(cookie);
    scope.addHook('onRoute', (route) => {
      // In `config`, because the plugin has already read the route's own options.
      route.config = Object.assign({}, route.config, { helmet: headers });
    });
    addRoutes(scope.withTypeProvider<ZodTypeProvider>());
  });
};

/** Sends an HTML page that no cache may store. */
export const sendPage = (reply: FastifyReply, status: number, html: string): FastifyReply =>
  reply
    .code(status)
    .header('Cache-Control', 'no-store')
    .type('text/html; charset=utf-8')
    .serializer((text: unknown) => String(text))
    .send(html);

/** Describes a page in the response schema of a route. */
export const pageResponse = (description = 'A page') => ({
  description,
  content: { 'text/html': { schema: z.string() } },
});

/**
 * Creates the error handler of routes that people open in a browser: an error is answered with a page, never with a
 * problem document. A refusal that is missing from `obstacles` is shown as `unreadable`, and a fault of ours as `later`.
 */
export const createPageErrorHandler =
  <Obstacle extends string>(
    obstacles: Readonly<Partial<Record<RefusalCode, Obstacle>>>,
    page: NoInfer<
      (obstacle: Obstacle | 'unreadable' | 'later', acceptLanguage: string | undefined) => string
    >,
  ) =>
  (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const refusal = refusalFor(error, request);
    const { status } = problemKinds[refusal.code];
    if (status === 503) reply.header('Retry-After', retryAfterSeconds);
    const obstacle = obstacles[refusal.code] ?? (status < 500 ? 'unreadable' : 'later');
    void sendPage(reply, status, page(obstacle, request.headers['accept-language']));
  };
