/**
 * Adds the responses of the HTTP server itself to the OpenAPI document. They come before any route and need no key, so
 * routes do not declare them (`problems/client-error.ts`, `access/faulty-heads.ts`).
 */

import type { RefusalCode } from '../../domain/errors.ts';
import { problemKinds } from '../problems/catalogue.ts';
import { problemMediaType } from '../problems/problem-document.ts';
import { problemExample } from './examples.ts';
import { correlationId, type OperationObject } from './response-headers.ts';

const codes = [
  'request_timed_out',
  'expectation_failed',
  'headers_too_large',
] as const satisfies readonly RefusalCode[];

const problem = { $ref: '#/components/schemas/Problem' };

const nameOf = (code: RefusalCode): string =>
  code
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

/** The shared responses, by name. */
export const connectionResponses = Object.fromEntries(
  codes.map((code) => [
    nameOf(code),
    {
      description: `\`${code}\`: ${problemKinds[code].title}. The connection is closed`,
      headers: { 'X-Correlation-Id': correlationId },
      content: {
        [problemMediaType]: { schema: problem, example: problemExample(`\`${code}\`:`) },
      },
    },
  ]),
);

/** Returns the operation with a reference to each of them. */
export const withConnectionResponses = (operation: OperationObject): object => ({
  ...operation,
  responses: {
    ...operation.responses,
    ...Object.fromEntries(
      codes.map((code) => [problemKinds[code].status, { $ref: `#/components/responses/${nameOf(code)}` }]),
    ),
  },
});
