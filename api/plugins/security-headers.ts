/** Security headers. The API answers JSON: nothing may be loaded, framed or sniffed; pages allow what they need. */
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import Fastify from 'fastify';
import type { Api } from '../api.ts';

const nothing = { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"] };

/** What a page of ours may do: its own style and forms to us. No script at all. */
export const pagePolicy = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { ...nothing, styleSrc: ["'unsafe-inline'"], formAction: ["'self'"] },
  },
};

/** Scalar's page starts itself with an inline script; everything it loads comes from us. */
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

/** `publicUrl` says whether callers come over TLS: only then may they be told to do so for ever (RFC 6797, 7.2). */
export const addSecurityHeaders = async (api: Api, publicUrl: string): Promise<void> => {
  const options = {
    contentSecurityPolicy: { useDefaults: false, directives: nothing },
    strictTransportSecurity: publicUrl.startsWith('https:'),
  };
  await api.register(helmet, { ...options, global: false });
  const fixed = await headersWith(options);
  api.addHook('onRequest', ({ routeOptions }, reply, done) => {
    if (!('helmet' in routeOptions.config)) reply.headers(fixed);
    done();
  });
};

/**
 * What the plugin would set on each answer. It puts its headers together anew for every request, which costs more than
 * the whole routing: so it is asked once. Routes with a policy of their own are left to it.
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

/** The reference and what it loads are the same for everybody. */
const cacheableRoutes = /^\/docs\b/;

/** What we answer is a person's or an organization's: no cache may keep it, unless a route says otherwise. */
export const forbidCaching = (api: Api): void => {
  api.addHook('onSend', ({ routeOptions }, reply, _payload, done) => {
    const isCacheable = reply.hasHeader('Cache-Control') || cacheableRoutes.test(routeOptions.url ?? '');
    if (!isCacheable) reply.header('Cache-Control', 'no-store');
    done();
  });
};
