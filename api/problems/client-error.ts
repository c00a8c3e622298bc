/** Responds to incomplete or invalid HTTP. Fastify then has no request object, only a socket. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { correlationHeader } from '../plugins/correlation.ts';
import { type ProblemText, refusalFrom } from './framework-errors.ts';
import { problemMediaType, problemOf } from './problem-document.ts';

/** By the error codes of Node's HTTP parser and timeouts. */
const problemTexts: Readonly<Record<string, ProblemText>> = {
  HPE_HEADER_OVERFLOW: {
    code: 'headers_too_large',
    message: 'The address and the headers are larger than 16 KiB.',
    whatToDo: 'Send fewer or shorter headers.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request_timed_out',
    message: 'The request did not arrive in time.',
    whatToDo: 'Send the whole request again without pauses.',
  },
};
const notHttp: ProblemText = {
  code: 'malformed_request',
  message: 'The request is not valid HTTP, or its method does not exist.',
  whatToDo:
    'Check the bytes that your client sends: the method, the address, the headers and their line endings.',
};

/** Returns the raw HTTP response. */
const rawResponse = (text: ProblemText): string => {
  const problem = problemOf(refusalFrom(text), randomUUID());
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

/** Writes a problem document to the socket and closes it. */
export const handleClientError = (error: NodeJS.ErrnoException, socket: Socket): void => {
  // The client has closed the connection.
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) socket.end(rawResponse(problemTexts[error.code ?? ''] ?? notHttp));
  else socket.destroy(error);
};
