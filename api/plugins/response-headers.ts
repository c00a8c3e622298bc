/**
 * Adds the response headers to the OpenAPI document. They follow from the status and the content, so routes do not
 * declare them.
 */
import { z } from 'zod';
import { problemMediaType } from '../problems/problem-document.ts';

const responseObjectSchema = z.looseObject({
  description: z.string(),
  content: z.record(z.string(), z.unknown()).optional(),
});
type ResponseObject = z.infer<typeof responseObjectSchema>;

const operationObjectSchema = z.looseObject({
  parameters: z.array(z.looseObject({ name: z.string().optional(), in: z.string() })).optional(),
  requestBody: z.unknown().optional(),
  responses: z.record(z.string(), responseObjectSchema),
});
export type OperationObject = z.infer<typeof operationObjectSchema>;

/** The part of an OpenAPI document that this module reads. */
export const pathsObjectSchema = z.record(z.string(), z.record(z.string(), operationObjectSchema));

interface Header {
  readonly description: string;
  readonly schema: { readonly type: 'string' | 'integer' };
}

export const correlationId: Header = {
  description: 'Quote it in support requests. Your own ID, if you sent one',
  schema: { type: 'string' },
};
const location: Header = { description: 'Address of the new resource', schema: { type: 'string' } };
const retryAfter: Header = {
  description: 'Seconds to wait before the next request',
  schema: { type: 'integer' },
};
const replayed: Header = {
  description: '`true` when this is the stored response of an earlier request with this key',
  schema: { type: 'string' },
};
const authenticate: Header = {
  description: 'How to send a key or a token, and why yours was rejected',
  schema: { type: 'string' },
};

const isProblem = ({ content }: ResponseObject): boolean =>
  content !== undefined && problemMediaType in content;

const isIdempotent = ({ parameters }: OperationObject): boolean =>
  parameters?.some(({ name }) => name === 'idempotency-key') ?? false;

/** Statuses whose responses are stored under an Idempotency-Key: success, and a refused slot. */
const replayableStatuses: ReadonlySet<string> = new Set(['200', '201', '409']);

const headersOf = (status: string, response: ResponseObject, operation: OperationObject) => ({
  'X-Correlation-Id': correlationId,
  ...(status === '201' && { Location: location }),
  ...((status === '401' || (status === '403' && isProblem(response))) && {
    'WWW-Authenticate': authenticate,
  }),
  ...((status === '202' || status === '429' || (status === '503' && isProblem(response))) && {
    'Retry-After': retryAfter,
  }),
  ...(replayableStatuses.has(status) && isIdempotent(operation) && { 'Idempotency-Replayed': replayed }),
});

/** Returns the operation with headers on each of its responses. */
export const withResponseHeaders = (operation: OperationObject): OperationObject => ({
  ...operation,
  responses: Object.fromEntries(
    Object.entries(operation.responses).map(([status, response]) => [
      status,
      { ...response, headers: headersOf(status, response, operation) },
    ]),
  ),
});
