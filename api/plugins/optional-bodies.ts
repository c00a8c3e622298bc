/**
 * Corrects which request bodies the OpenAPI document requires: the generator requires every body. A missing body counts as
 * an empty object (`json-body.ts`), so a body is optional where an empty object is valid.
 */
import { z } from 'zod';
import type { OperationObject } from './response-headers.ts';

const schemaObject = z.looseObject({
  $ref: z.string().optional(),
  type: z.unknown().optional(),
  required: z.array(z.string()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
});
const bodySchema = z.looseObject({
  content: z.record(z.string(), z.looseObject({ schema: z.unknown() })),
});

/** Returns the shared schema that `$ref` names. */
export type FindSchema = (ref: string) => unknown;

const acceptsEmpty = (schema: unknown, find: FindSchema): boolean => {
  const { $ref, type, required = [], anyOf, oneOf } = schemaObject.parse(schema);
  if ($ref !== undefined) return acceptsEmpty(find($ref), find);
  const choices = anyOf ?? oneOf;
  if (choices) return choices.some((choice) => acceptsEmpty(choice, find));
  return required.length === 0 && (type === undefined || type === 'object');
};

/** Returns the operation with `requestBody.required` set to whether a request without a body is invalid. */
export const withOptionalBody = (operation: OperationObject, find: FindSchema): OperationObject => {
  if (operation.requestBody === undefined) return operation;
  const body = bodySchema.parse(operation.requestBody);
  const isOptional = Object.values(body.content).some(({ schema }) => acceptsEmpty(schema, find));
  return { ...operation, requestBody: { ...body, required: !isOptional } };
};
