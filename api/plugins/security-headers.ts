/** Sets security headers. JSON responses may not load, frame or sniff anything; pages allow only what they need. */
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import Fastify from 'fastify';
import type { Api } from '../api.ts';

const nothing = { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"] };

/** Policy of our pages: inline styles and forms to this origin; no scripts. */
export const pagePolicy = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { ...nothing, styleSrc: ["'unsafe-inline'"], formAction: ["'self'"] },
  },
};

/** Policy of /docs: Scalar starts with an inline script and loads files only from this origin. */
export const referencePolicy = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      ...nothing,
      scriptSrc: ["'self'", "'unsafe-inline'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
    },
  },
};

/**
 * Adds the headers to every response.
 * @param isEncrypted sends Strict-Transport-Security, which is only allowed over TLS (RFC 6797, 7.2)
 */
export const addSecurityHeaders = async (api: Api, isEncrypted: boolean): Promise<void> => {
  const options = {
    contentSecurityPolicy: { useDefaults: false, directives: nothing },
    strictTransportSecurity: isEncrypted,
  };
  await api.register(helmet, { ...options, global: false });
  const fixed = await headersWith(options);
  api.addHook('onRequest', ({ routeOptions }, reply, done) => {
    if (!('helmet' in routeOptions.config)) reply.headers(fixed);
    done();
  });
};

/**
 * Returns the headers that the plugin sets with these options. The plugin computes them for every request, which costs
 * more than the routing, so they are computed once. Routes with their own policy still use the plugin.
 */
const headersWith = async (options: FastifyHelmetOptions): Promise<Readonly<Record<string, string>>> => {
  const probe = Fastify();
  const names: string[] = [];
  await probe.register(helmet, options);
  probe.get('/', (_request, reply) => {
    names.push(...Object.keys(reply.raw.getHeaders()));
    return reply.send('');
  });
  const { headers } = await probe.inject('/');
  await probe.close();
  return Object.fromEntries(names.map((name) => [name, String(headers[name])]));
};

/** The API reference and its files contain no private data. */
const cacheableRoutes = /^\/docs\b/;

/** Sets `Cache-Control: no-store` on every response without its own policy: responses contain private data. */
export const forbidCaching = (api: Api): void => {
  api.addHook('onSend', ({ routeOptions }, reply, _payload, done) => {
    const isCacheable = reply.hasHeader('Cache-Control') || cacheableRoutes.test(routeOptions.url ?? '');
    if (!isCacheable) reply.header('Cache-Control', 'no-store');
    done();
  });
};
