/** Cross-origin requests, only for the Temporal Web UI and only under one prefix. */
import cors from '@fastify/cors';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Api } from '../api.ts';

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
