/** An address that no route matches: 404, or 405 where the address is right and the method is not (RFC 9110 15.5.6). */
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

/** An address with a slash too many would reach the route with a parameter at its end, and leave that empty. */
const hasExtraTrailingSlash = ({ url, routeOptions }: FastifyRequest): boolean => {
  const [path = ''] = url.split('?');
  return path.endsWith('/') && routeOptions.url?.endsWith('/') !== true;
};

/** To be called before the first route is added, since it watches them being added. */
export const handleUnmatchedRoutes = (api: Api): void => {
  const routes: { readonly pattern: RegExp; readonly method: string }[] = [];
  api.addHook('onRoute', ({ url, method }) => {
    for (const one of [method].flat()) {
      // Preflights are answered for addresses that take nothing else, too.
      if (one !== 'OPTIONS') routes.push({ pattern: patternOf(url), method: one });
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
      `This address does not take ${request.method}.`,
      `Use ${methods.join(' or ')}.`,
    );
  });
};
