/** Security headers. The API answers JSON: nothing may be loaded, framed or sniffed; pages allow what they need. */
import helmet from '@fastify/helmet';
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
  await api.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: nothing },
    strictTransportSecurity: publicUrl.startsWith('https:'),
  });
};
