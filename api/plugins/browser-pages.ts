/** Pages for people: forms are taken and cookies are read, here and nowhere else; what is sent is a page. */
import cookie from '@fastify/cookie';
import formBody from '@fastify/formbody';
import type { FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Api } from '../api.ts';
import { pagePolicy } from './helmet.ts';

/** Our own forms have to say where they were sent from: with `no-referrer` a browser says `Origin: null` (Fetch, 3.1). */
const pageHeaders = { ...pagePolicy, referrerPolicy: { policy: 'same-origin' } } as const;

export const withBrowserPages = async (api: Api, addRoutes: (api: Api) => void): Promise<void> => {
  await api.register(async (scope) => {
    await scope.register(formBody);
    await scope.register(cookie);
    scope.addHook('onRoute', (route) => {
      // Under `config`, since the plugin has looked at the route's own options by now.
      route.config = Object.assign({}, route.config, { helmet: pageHeaders });
    });
    addRoutes(scope.withTypeProvider<ZodTypeProvider>());
  });
};

export const sendPage = (reply: FastifyReply, status: number, html: string): FastifyReply =>
  reply
    .code(status)
    .header('Cache-Control', 'no-store')
    .type('text/html; charset=utf-8')
    .serializer((text: unknown) => String(text))
    .send(html);
