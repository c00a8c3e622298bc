/**
 * Refuses requests with no or several headers Host (RFC 9112, section 3.2). Node would answer the first ones without a
 * problem document, and accept the others.
 */
import { Refusal } from '../../domain/errors.ts';
import type { Api } from '../api.ts';

const countOf = (rawHeaders: readonly string[]): number =>
  rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;

/** Adds the check to all routes. HTTP/1.0 has no header Host. */
export const refuseAmbiguousHosts = (api: Api): void => {
  api.addHook('onRequest', ({ raw: { httpVersion, headers, rawHeaders } }, reply, done) => {
    const isMissing = headers.host === undefined && httpVersion !== '1.0';
    if (!isMissing && countOf(rawHeaders) < 2) return done();
    reply.header('connection', 'close');
    done(
      new Refusal(
        'malformed_request',
        isMissing ? 'The header Host is missing.' : 'The header Host is sent more than once.',
        'Send one header Host, with the host of the address.',
      ),
    );
  });
};
