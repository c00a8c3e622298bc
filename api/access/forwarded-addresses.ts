/**
 * Removes the ports from the addresses in `X-Forwarded-For`. Some proxies write them (Azure's Application Gateway, IIS),
 * and each connection of a client would then be a client of its own, without a limit.
 * https://learn.microsoft.com/azure/application-gateway/how-application-gateway-works
 */
import { isIP } from 'node:net';
import type { Api } from '../api.ts';

const header = 'x-forwarded-for';

const withoutPort = (entry: string): string => {
  const [, address = entry] =
    /^\[([^\]]+)\](?::\d{1,5})?$/.exec(entry) ?? /^([\d.]+):\d{1,5}$/.exec(entry) ?? [];
  return isIP(address) === 0 ? entry : address;
};

/** Must be called before any hook that reads `request.ip`. */
export const removeForwardedPorts = (api: Api): void => {
  api.addHook('onRequest', ({ raw: { headers } }, _reply, done) => {
    const forwarded = headers[header];
    if (typeof forwarded === 'string') {
      headers[header] = forwarded
        .split(',')
        .map((entry) => withoutPort(entry.trim()))
        .join(', ');
    }
    done();
  });
};
