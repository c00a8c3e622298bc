/** Serves the API reference at /docs: Scalar, with all its files from this server. */
import scalar from '@scalar/fastify-api-reference';
import type { Api } from '../api.ts';
import { referencePolicy } from './security-headers.ts';

/** Registers /docs. */
export const addApiReference = async (api: Api): Promise<void> => {
  await api.register(async (scope) => {
    // The policy must be in the route's `config`: the default headers would replace a policy that a hook sets on the
    // raw response.
    scope.addHook('onRoute', (route) => {
      route.config = Object.assign({}, route.config, { helmet: referencePolicy });
    });
    // The page of the library names no language, which screen readers need.
    scope.addHook('onSend', async (_request, _reply, payload) =>
      typeof payload === 'string' ? payload.replace('<html>', '<html lang="en">') : payload,
    );
    await scope.register(scalar, {
      routePrefix: '/docs',
      configuration: {
        url: '/openapi.json',
        pageTitle: 'CastMatch API',
        // Otherwise the page loads fonts and sends telemetry to other servers.
        withDefaultFonts: false,
        telemetry: false,
        // Otherwise the page offers to send the document to services of its vendor.
        agent: { disabled: true },
        mcp: { disabled: true },
        showDeveloperTools: 'never',
        hideClientButton: true,
        // No setting leaves out the link to its vendor.
        customCss: 'a[href^="https://www.scalar.com"] { display: none; }',
      },
    });
  });
};

/** Registers an empty /favicon.ico. Browsers request it with every page, and log an error when it is missing. */
export const addFavicon = (api: Api): void => {
  api.get('/favicon.ico', { schema: { hide: true } }, (_request, reply) =>
    reply.code(204).header('Cache-Control', 'public, max-age=86400').send(),
  );
};
