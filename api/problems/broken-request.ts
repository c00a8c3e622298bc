/** A request that is no HTTP, or not all of it: Fastify has no request to answer then, only a socket. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal } from '../../domain/errors.ts';
import { correlationHeader } from '../correlation.ts';
import { problemMediaType, problemOf } from './problem-document.ts';

/** By Node's codes of what its parser and its timers find. */
const refusalOf = (code: string | undefined): Refusal => {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Refusal(
        'headers_too_large',
        'The address and the headers are larger than 16 KiB.',
        'Send fewer or shorter headers.',
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refusal(
        'request_timed_out',
        'The request did not arrive in time.',
        'Send it again, all of it at once.',
      );
    default:
      return new Refusal(
        'invalid_body',
        'The request is not HTTP.',
        'Look at what your client sends: the first line, the headers and their line ends.',
      );
  }
};

/** The answer as it goes over the wire. */
const brokenRequestAnswer = (code: string | undefined): string => {
  const problem = problemOf(refusalOf(code), randomUUID());
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    `Content-Type: ${problemMediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `${correlationHeader}: ${problem.correlationId}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
};

export const answerBrokenRequest = (error: NodeJS.ErrnoException, socket: Socket): void => {
  // Whoever hung up hears nothing any more.
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) socket.end(brokenRequestAnswer(error.code));
  else socket.destroy(error);
};
