/**
 * Adds the responses to invalid requests to the OpenAPI document. Which parts of a request can be invalid follows from
 * the parts that its route has, so routes do not declare these codes.
 */
import { z } from 'zod';
import { problemKinds } from '../problems/catalogue.ts';
import { problemMediaType } from '../problems/problem-document.ts';

const responseSchema = z.looseObject({
  description: z.string(),
  content: z.record(z.string(), z.unknown()).optional(),
});

const operationSchema = z.looseObject({
  parameters: z.array(z.looseObject({ in: z.string() })).default([]),
  requestBody: z.unknown().optional(),
  responses: z.record(z.string(), responseSchema),
});

/** The operations of an OpenAPI document, by path and method. */
const pathsSchema = z.record(z.string(), z.record(z.string(), operationSchema));
type Operation = z.infer<typeof operationSchema>;

const codesOf = ({ parameters, requestBody }: Operation) => {
  const places = new Set(parameters.map((parameter) => parameter.in));
  return [
    ...(requestBody === undefined ? [] : (['invalid_body'] as const)),
    ...(places.has('query') ? (['invalid_query'] as const) : []),
    ...(places.has('path') ? (['invalid_path'] as const) : []),
    ...(places.has('header') ? (['invalid_header'] as const) : []),
  ];
};

const withInvalidRequests = (operation: Operation): Operation => {
  const { responses } = operation;
  // Every route that answers with problem documents declares 429.
  const content = responses['429']?.content;
  const codes = codesOf(operation);
  if (content === undefined || !(problemMediaType in content) || codes.length === 0) return operation;
  const declared = responses['400'];
  const added = codes.map((code) => `\`${code}\`: ${problemKinds[code].title}`);
  const description = [...(declared ? [declared.description] : []), ...added].join('. ');
  return { ...operation, responses: { ...responses, 400: { ...declared, description, content } } };
};

/** Returns the paths with the response 400 of each operation. */
export const withInvalidRequestResponses = (paths: unknown): z.infer<typeof pathsSchema> =>
  Object.fromEntries(
    Object.entries(pathsSchema.parse(paths)).map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, operation]) => [method, withInvalidRequests(operation)]),
      ),
    ]),
  );
