/** Forms, only where a page or a provider sends them: elsewhere they are an unsupported media type. */
import formBody from '@fastify/formbody';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Api } from '../api.ts';

export const withForms = async (api: Api, addRoutes: (api: Api) => void): Promise<void> => {
  await api.register(async (scope) => {
    await scope.register(formBody);
    addRoutes(scope.withTypeProvider<ZodTypeProvider>());
  });
};
