/** The header that goes with a 401 and a 403 (RFC 6750, section 3): what was wrong with the credentials, for a program. */
import type { FastifyRequest } from 'fastify';
import type { RefusalCode } from '../../domain/errors.ts';
import { credentialOf } from './authentication.ts';

const realm = 'Bearer realm="castmatch"';

/** Undefined where the header is none of the answer's business. */
export const challengeFor = (code: RefusalCode, request: FastifyRequest): string | undefined => {
  if (code === 'forbidden') return `${realm}, error="insufficient_scope"`;
  if (code !== 'unauthenticated') return undefined;
  // Whoever sent nothing is told no error, only what to send.
  return credentialOf(request) === undefined ? realm : `${realm}, error="invalid_token"`;
};
