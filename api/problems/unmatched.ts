/** Handles requests that match no route: 405 when another method exists at the address (RFC 9110 15.5.6), else 404. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../domain/errors.ts';
import type { Api } from '../api.ts';
import { noSuchAddress, refusalFrom } from './framework-errors.ts';

const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .split('/')
      .map((step) => (step.startsWith(':') ? '[^/]+' : step === '*' ? '.*' : step.replaceAll('.', '\\.')))
      .join('/')}$`,
  );

/** With an extra trailing slash, a route that ends with a parameter would match with an empty parameter. */
const hasExtraTrailingSlash = ({ url, routeOptions }: FastifyRequest): boolean => {
  const [path = ''] = url.split('?');
  return path.endsWith('/') && routeOptions.url?.endsWith('/') !== true;
};

/** Registers the handlers. Must be called before the first route is added, because it records each added route. */
export const handleUnmatchedRoutes = (api: Api): void => {
  const routes: { readonly pattern: RegExp; readonly method: string }[] = [];
  api.addHook('onRoute', ({ url, method }) => {
    for (const verb of [method].flat()) {
      // Preflight routes also match addresses that have no other method.
      if (verb !== 'OPTIONS') routes.push({ pattern: patternOf(url), method: verb });
    }
  });
  api.addHook('onRequest', (request, _reply, done) => {
    done(hasExtraTrailingSlash(request) ? refusalFrom(noSuchAddress) : undefined);
  });
  api.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const [path = ''] = request.url.split('?');
    const methods = [
      ...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)),
    ];
    if (methods.length === 0) throw refusalFrom(noSuchAddress);
    reply.header('Allow', methods.join(', '));
    throw new Refusal(
      'method_not_allowed',
      `This address does not support ${request.method}.`,
      `Use ${methods.join(' or ')}.`,
    );
  });
};
