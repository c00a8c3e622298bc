/** The page at /docs: Scalar, with everything it loads served from here. */
import scalar from '@scalar/fastify-api-reference';
import type { Api } from '../api.ts';
import { referencePolicy } from './security-headers.ts';

export const addApiReference = async (api: Api): Promise<void> => {
  await api.register(async (scope) => {
    // The policy stands in the route's `config`: one that a hook sets on the raw response is replaced by the headers
    // which every other route gets.
    scope.addHook('onRoute', (route) => {
      route.config = Object.assign({}, route.config, { helmet: referencePolicy });
    });
    await scope.register(scalar, {
      routePrefix: '/docs',
      configuration: {
        url: '/openapi.json',
        pageTitle: 'CastMatch API',
        // Otherwise the page fetches fonts and reports its use elsewhere.
        withDefaultFonts: false,
        telemetry: false,
      },
    });
  });
  // A browser asks for it beside the page, and reports an error when it is missing.
  api.get('/favicon.ico', { schema: { hide: true } }, (_request, reply) =>
    reply.code(204).header('Cache-Control', 'public, max-age=86400').send(),
  );
};
