/** What we answer is a person's or an organization's: no cache between us may keep it, unless a route says otherwise. */
import type { Api } from '../api.ts';

export const forbidCaching = (api: Api): void => {
  api.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('Cache-Control')) reply.header('Cache-Control', 'no-store');
  });
};
