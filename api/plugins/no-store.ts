/** What we answer is a person's or an organization's: no cache may keep it, unless a route says otherwise. */
import type { Api } from '../api.ts';

/** The reference and what it loads are the same for everybody. */
const everybodys = /^\/docs\b/;

export const forbidCaching = (api: Api): void => {
  api.addHook('onSend', async ({ routeOptions }, reply) => {
    if (reply.hasHeader('Cache-Control') || everybodys.test(routeOptions.url ?? '')) return;
    reply.header('Cache-Control', 'no-store');
  });
};
