/** Allows cross-origin requests of the Temporal Web UI under one path prefix. */

import cors from '@fastify/cors';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Api } from '../api.ts';

/** Registers routes under a prefix that the given origins may call from a browser. */
export const withCrossOrigin = async (
  api: Api,
  prefix: string,
  origins: readonly (string | RegExp)[],
  addRoutes: (api: Api) => void,
): Promise<void> => {
  await api.register(
    async (scope) => {
      await scope.register(cors, {
        origin: [...origins],
        methods: ['POST'],
        allowedHeaders: ['Content-Type', 'Authorization', 'X-Api-Key', 'X-Namespace'],
        strictPreflight: false,
      });
      addRoutes(scope.withTypeProvider<ZodTypeProvider>());
    },
    { prefix },
  );
};
