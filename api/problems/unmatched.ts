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

const methodNotAllowed = (reply: FastifyReply, method: string, supported: readonly string[]): Refusal => {
  reply.header('Allow', supported.join(', '));
  return new Refusal(
    'method_not_allowed',
    `This address does not support ${method}.`,
    `Use ${supported.join(' or ')}.`,
  );
};

/**
 * Refuses requests that match no route, before their bodies are read. An address without parameters has its own methods
 * only, also where a route with a parameter matches it: no connection has the id `page`. Must be called before the first
 * route is added, because it records each added route.
 */
export const handleUnmatchedRoutes = (api: Api): void => {
  const ofAddress = new Map<string, Set<string>>();
  const ofPattern: { readonly pattern: RegExp; readonly method: string }[] = [];
  const methodsAt = (path: string): readonly string[] => [
    ...(ofAddress.get(path) ??
      ofPattern.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)),
  ];
  api.addHook('onRoute', ({ url, method }) => {
    for (const verb of [method].flat()) {
      // Preflight routes also match addresses that have no other method.
      if (verb === 'OPTIONS') continue;
      if (/[:*]/.test(url)) ofPattern.push({ pattern: patternOf(url), method: verb });
      else ofAddress.set(url, (ofAddress.get(url) ?? new Set()).add(verb));
    }
  });
  api.addHook('onRequest', (request, reply, done) => {
    const { is404, method, routeOptions } = request;
    const [path = ''] = request.url.split('?');
    if (hasExtraTrailingSlash(request)) return done(refusalFrom(noSuchAddress));
    // A preflight route has a pattern and is for each address.
    const isTaken = method !== 'OPTIONS' && /[:*]/.test(routeOptions.url ?? '') && ofAddress.has(path);
    if (!is404 && !isTaken) return done();
    const supported = [...new Set(methodsAt(path))];
    done(supported.length === 0 ? refusalFrom(noSuchAddress) : methodNotAllowed(reply, method, supported));
  });
  // The hook has answered. Without a handler, Fastify would log each of these requests.
  api.setNotFoundHandler(() => {
    throw refusalFrom(noSuchAddress);
  });
};
