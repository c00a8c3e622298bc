/** The page at /docs: Scalar, with everything it loads served from here. */
import scalar from '@scalar/fastify-api-reference';
import type { Api } from '../api.ts';
import { referencePolicy } from './helmet.ts';

export const addApiReference = async (api: Api): Promise<void> => {
  await api.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'CastMatch API',
      // Otherwise the page fetches fonts and reports its use elsewhere.
      withDefaultFonts: false,
      telemetry: false,
    },
    hooks: {
      onRequest: (_request, reply, done) => {
        reply.helmet(referencePolicy);
        done();
      },
    },
  });
};
