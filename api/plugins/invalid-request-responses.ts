/**
 * Adds the responses to invalid requests to the OpenAPI document. Which parts of a request can be invalid follows from
 * the parts that its route has, so routes do not declare these codes.
 */
import { problemKinds } from '../problems/catalogue.ts';
import { problemMediaType } from '../problems/problem-document.ts';
import type { OperationObject } from './response-headers.ts';
import { refusesUndeclaredParts } from './undeclared-parts.ts';

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly operation: OperationObject;
}

const codesOf = ({ path, method, operation: { parameters = [], requestBody } }: Operation) => {
  const places = new Set(parameters.map((parameter) => parameter.in));
  const refusesUndeclared = refusesUndeclaredParts(path);
  const readsBody = requestBody !== undefined || (refusesUndeclared && method !== 'get');
  return [
    ...(readsBody ? (['invalid_body'] as const) : []),
    ...(places.has('query') || refusesUndeclared ? (['invalid_query'] as const) : []),
    ...(places.has('path') ? (['invalid_path'] as const) : []),
    ...(places.has('header') ? (['invalid_header'] as const) : []),
  ];
};

/** Returns the operation with the response 400, if a part of its requests can be invalid. */
export const withInvalidRequestResponse = (one: Operation): OperationObject => {
  const { operation } = one;
  const { responses } = operation;
  // Every route that answers with problem documents declares 429.
  const content = responses['429']?.content;
  const codes = codesOf(one);
  if (content === undefined || !(problemMediaType in content) || codes.length === 0) return operation;
  const declared = responses['400'];
  const added = codes.map((code) => `\`${code}\`: ${problemKinds[code].title}`);
  const description = [...(declared ? [declared.description] : []), ...added].join('. ');
  return { ...operation, responses: { ...responses, 400: { ...declared, description, content } } };
};
