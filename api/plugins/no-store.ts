/** What we answer is a person's or an organization's: no cache may keep it, unless a route says otherwise. */
import type { Api } from '../api.ts';

/** The reference and what it loads are the same for everybody. */
const everybodys = /^\/docs\b/;

export const forbidCaching = (api: Api): void => {
  api.addHook('onSend', ({ routeOptions }, reply, _payload, done) => {
    const isTheirs = reply.hasHeader('Cache-Control') || everybodys.test(routeOptions.url ?? '');
    if (!isTheirs) reply.header('Cache-Control', 'no-store');
    done();
  });
};
