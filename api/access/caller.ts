/** The authenticated caller of a request. */
import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../db/access/administrative-acts.ts';
import type { ApiRole } from '../../db/access/api-keys.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';

export interface Caller {
  readonly organization: OrganizationId;
  readonly role: ApiRole;
  /** The label of the key, or the subject of the token. The audit trail names the caller by it. */
  readonly label: string;
  /** Unique among the keys and subjects of the organization. Names the principal in trails and logs: never a secret. */
  readonly id: string;
  /** When the token expires. Undefined for a key, which is valid until it is revoked. */
  readonly expiresAt?: Instant | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
}

/**
 * Returns the caller of a guarded route.
 * @throws {Error} on a public route, which has no caller: a bug in the route.
 */
export const callerOf = (request: FastifyRequest): Caller => {
  if (request.caller) return request.caller;
  throw new Error(
    `${request.method} ${request.routeOptions.url} is public and has no caller: guard it in api/access/permissions.ts`,
  );
};

/** Returns the caller as an actor of administrative acts, with the correlation ID of the request. */
export const actorOf = (request: FastifyRequest): Actor => {
  const { id, label, role } = callerOf(request);
  return { by: label, role, correlationId: request.id, principal: id };
};
