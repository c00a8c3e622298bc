/**
 * Bodies as they arrived, byte for byte, only where they are signed: what was parsed and written anew is another text,
 * and what is not verified yet is not to be parsed. Each route says which media types it takes.
 */
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Api } from '../api.ts';

const taken = ['application/json', 'application/x-www-form-urlencoded', 'text/plain'];

export const withRawBodies = async (api: Api, addRoutes: (api: Api) => void): Promise<void> => {
  await api.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(taken, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    addRoutes(scope.withTypeProvider<ZodTypeProvider>());
  });
};
