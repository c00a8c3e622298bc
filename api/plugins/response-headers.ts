/**
 * The headers of our answers in the OpenAPI document. Which answer has which follows from the answer, so that no route
 * has to say so.
 */
import { z } from 'zod';
import { problemMediaType } from '../problems/problem-document.ts';

const responseObjectSchema = z.looseObject({ content: z.record(z.string(), z.unknown()).optional() });
type ResponseObject = z.infer<typeof responseObjectSchema>;

const operationObjectSchema = z.looseObject({
  parameters: z.array(z.looseObject({ name: z.string().optional() })).optional(),
  responses: z.record(z.string(), responseObjectSchema),
});
type OperationObject = z.infer<typeof operationObjectSchema>;

/** The part of an OpenAPI document that this looks at. */
export const pathsObjectSchema = z.record(z.string(), z.record(z.string(), operationObjectSchema));

interface Header {
  readonly description: string;
  readonly schema: { readonly type: 'string' | 'integer' };
}

const correlationId: Header = {
  description: 'Quote it when you ask for help; yours, where you sent one',
  schema: { type: 'string' },
};
const location: Header = { description: 'Where it is read', schema: { type: 'string' } };
const retryAfter: Header = {
  description: 'Seconds until it is worth asking again',
  schema: { type: 'integer' },
};
const replayed: Header = {
  description: '`true` where this is the answer that an earlier request with this key was given',
  schema: { type: 'string' },
};
const authenticate: Header = {
  description: 'How to send a key or a token, and what was wrong with it',
  schema: { type: 'string' },
};

const isProblem = ({ content }: ResponseObject): boolean =>
  content !== undefined && problemMediaType in content;

const isIdempotent = ({ parameters }: OperationObject): boolean =>
  parameters?.some(({ name }) => name === 'idempotency-key') ?? false;

/** What is kept under an Idempotency-Key: what was done, and a slot that was refused. */
const replayableStatuses: ReadonlySet<string> = new Set(['200', '201', '409']);

const headersOf = (status: string, answer: ResponseObject, operation: OperationObject) => ({
  'X-Correlation-Id': correlationId,
  ...(status === '201' && { Location: location }),
  ...((status === '401' || (status === '403' && isProblem(answer))) && { 'WWW-Authenticate': authenticate }),
  ...((status === '202' || status === '429' || (status === '503' && isProblem(answer))) && {
    'Retry-After': retryAfter,
  }),
  ...(replayableStatuses.has(status) && isIdempotent(operation) && { 'Idempotency-Replayed': replayed }),
});

export const withResponseHeaders = (operation: OperationObject): OperationObject => ({
  ...operation,
  responses: Object.fromEntries(
    Object.entries(operation.responses).map(([status, answer]) => [
      status,
      { ...answer, headers: headersOf(status, answer, operation) },
    ]),
  ),
});
