/**
 * Finds out which user a host of Zoom is. A user is known by an id, by an email address that can change, and by `me` to its own
 * token or, for the app of the service, as the user who installed it:
 * https://developers.zoom.us/docs/api/users/#tag/users/GET/users/{userId}
 */
import { z } from 'zod';
import { isTransient, ProviderError } from '../../domain/errors.ts';
import { hour } from '../../domain/time/units.ts';
import { operationOf } from '../operations.ts';
import type { CallContext, HostAccount, HostIdentity } from '../ports.ts';
import type { ZoomExchange } from './exchange.ts';

const operation = operationOf('zoom', 'users.read');

const identitySchema = z.object({
  id: z.string().min(1).describe('The id of the user'),
  email: z.string().nullish().describe('The email address of the user, which can change'),
});
type Identified = z.infer<typeof identitySchema>;

/** An email address can be given to another user, which is rare. */
const cacheMs = hour;

const owner = { kind: 'service', user: 'me' } as const;

/** Returns the function that identifies hosts. It asks Zoom once an hour for each. @throws {ProviderError} */
export const createHostIdentity = (exchange: Pick<ZoomExchange, 'send'>) => {
  const known = new Map<string, { readonly identified: Identified; readonly untilMs: number }>();

  const identify = async (host: HostAccount, call: CallContext): Promise<Identified> => {
    const name = host.kind === 'service' ? `user ${host.user}` : `connection ${host.connection.id}`;
    const cached = known.get(name);
    if (cached && Date.now() < cached.untilMs) return cached.identified;
    const request = { method: 'GET', path: userPathOf(host) } as const;
    const identified = await exchange.send(operation, host, request, identitySchema, call);
    known.set(name, { identified, untilMs: Date.now() + cacheMs });
    return identified;
  };

  /** Returns the user who installed the app. Undefined: the app may not read users. */
  const identifyOwner = async (call: CallContext): Promise<Identified | undefined> => {
    try {
      return await identify(owner, call);
    } catch (error) {
      if (error instanceof ProviderError && !isTransient(error.fault)) return undefined;
      throw error;
    }
  };

  return async (host: HostAccount, call: CallContext): Promise<HostIdentity> => {
    const { id, email } = await identify(host, call);
    const installer = await identifyOwner(call);
    return {
      id,
      names: [
        id.toLowerCase(),
        ...(email ? [email.toLowerCase()] : []),
        ...(installer?.id === id ? [owner.user] : []),
      ],
    };
  };
};

/** Returns the path of the host as a user. A person's token reaches that person only. */
export const userPathOf = (host: HostAccount): string =>
  `/users/${encodeURIComponent(host.kind === 'service' ? host.user : 'me')}`;
