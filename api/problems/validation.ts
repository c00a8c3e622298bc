/** Converts schema validation errors into refusals with a JSON pointer for each invalid part. */
import type { z } from 'zod';
import { Refusal, type RefusalCode } from '../../domain/errors.ts';
import { InvalidRequest } from '../plugins/validator.ts';
import type { ProblemPart } from './problem-document.ts';

const places: Readonly<Record<string, ProblemPart['in']>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};
const codes = {
  body: 'invalid_body',
  query: 'invalid_query',
  path: 'invalid_path',
  header: 'invalid_header',
} as const satisfies Readonly<Record<ProblemPart['in'], RefusalCode>>;

/** The problem document lists this many parts, and its detail names fewer. A request can have thousands of them. */
const mostParts = 50;
const mostInDetail = 5;
/** A field name of the caller can be as long as the body. A longer one is cut, and is then no JSON pointer. */
const longestPointer = 300;

const cut = (text: string): string =>
  text.length <= longestPointer ? text : `${text.slice(0, longestPointer).toWellFormed()}…`;

const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

interface Finding {
  readonly pointer: string;
  readonly detail: string;
}

type Path = readonly PropertyKey[];

/** Lists what is wrong. Of a union, the alternative with the fewest issues: it is most likely the intended one. */
const findingsOf = (issue: z.core.$ZodIssue, above: Path = []): readonly Finding[] => {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerOf([...path, key]),
      detail: 'This field does not exist.',
    }));
  }
  if (issue.code === 'invalid_union') {
    const [closest] = issue.errors.toSorted((a, b) => a.length - b.length);
    if (closest) return closest.flatMap((nested) => findingsOf(nested, path));
  }
  return [{ pointer: pointerOf(path), detail: issue.message }];
};

/** Returns the refusal and its invalid parts; undefined when the error is not a validation error. */
export const validationProblem = (
  error: unknown,
): { readonly refusal: Refusal; readonly parts: readonly ProblemPart[] } | undefined => {
  if (!(error instanceof InvalidRequest)) return undefined;
  const place = places[error.validationContext ?? 'body'] ?? 'body';
  const found = error.issues.flatMap((issue) => findingsOf(issue));
  const parts = found
    .slice(0, mostParts)
    .map(({ pointer, detail }) => ({ in: place, pointer: cut(pointer), detail: cut(detail) }));
  const named = parts
    .slice(0, mostInDetail)
    .map(({ pointer, detail }) => `${pointer || 'the whole'}: ${detail}`);
  const others = found.length - named.length;
  const list = [...named, ...(others > 0 ? [`and ${others} more`] : [])].join('; ');
  const refusal = new Refusal(
    codes[place],
    `The ${place} of the request does not match its schema: ${list}`,
    found.length > mostParts
      ? `Correct the parts listed in errors, the first ${mostParts} of ${found.length}; the schema is documented at /docs.`
      : 'Correct the parts listed in errors; the schema is documented at /docs.',
  );
  return { refusal, parts };
};
