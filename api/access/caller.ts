/** Who calls. */
import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../db/access/administrative-acts.ts';
import type { ApiRole } from '../../db/access/api-keys.ts';
import type { OrganizationId } from '../../domain/ids.ts';

export interface Caller {
  readonly organization: OrganizationId;
  readonly role: ApiRole;
  /** What the key is called, or the subject of the token: who did it, in the audit trail. */
  readonly label: string;
  /** Tells this key or subject from every other of its organization. */
  readonly id: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
}

/** Throws where the table of permissions lets a route be called without credentials: a mistake of ours. */
export const callerOf = (request: FastifyRequest): Caller => {
  if (request.caller) return request.caller;
  throw new Error(`${request.method} ${request.routeOptions.url} asks for its caller, but is public`);
};

/** The caller as the audit of administrative acts names it, with the correlation ID of the request. */
export const actorOf = (request: FastifyRequest): Actor => {
  const { label, role } = callerOf(request);
  return { by: label, role, correlationId: request.id };
};
