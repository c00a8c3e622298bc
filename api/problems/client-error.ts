/** A request that is no HTTP, or not all of it: Fastify has no request to answer then, only a socket. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { correlationHeader } from '../plugins/correlation.ts';
import { type ProblemText, refusalFrom } from './framework-errors.ts';
import { problemMediaType, problemOf } from './problem-document.ts';

/** By Node's codes of what its parser and its timers find. */
const words: Readonly<Record<string, ProblemText>> = {
  HPE_HEADER_OVERFLOW: {
    code: 'headers_too_large',
    message: 'The address and the headers are larger than 16 KiB.',
    whatToDo: 'Send fewer or shorter headers.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request_timed_out',
    message: 'The request did not arrive in time.',
    whatToDo: 'Send it again, all of it at once.',
  },
};
const notHttp: ProblemText = {
  code: 'invalid_body',
  message: 'The request is not HTTP.',
  whatToDo: 'Look at what your client sends: the first line, the headers and their line ends.',
};

/** The answer as it goes over the wire. */
const clientErrorResponse = (code: string | undefined): string => {
  const problem = problemOf(refusalFrom(words[code ?? ''] ?? notHttp), randomUUID());
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

export const handleClientError = (error: NodeJS.ErrnoException, socket: Socket): void => {
  // Whoever hung up hears nothing any more.
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) socket.end(clientErrorResponse(error.code));
  else socket.destroy(error);
};
