/** Converts schema validation errors into refusals with a JSON pointer for each invalid part. */
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Refusal, type RefusalCode } from '../../domain/errors.ts';
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

const nestedIssue = z.object({
  path: z.array(z.union([z.string(), z.number()])),
  message: z.string(),
  code: z.string(),
  keys: z.array(z.string()).optional(),
});
const issueDetails = z.object({
  keys: z.array(z.string()).optional(),
  errors: z.array(z.array(nestedIssue)).optional(),
});

/** The problem document lists this many parts, and its detail names fewer. A request can have thousands of them. */
const mostParts = 50;
const mostInDetail = 5;
/** A field name of the caller can be as long as the body. A longer one is cut, and is then no JSON pointer. */
const longestPointer = 300;

const cut = (text: string): string =>
  text.length <= longestPointer ? text : `${text.slice(0, longestPointer).toWellFormed()}…`;

const pointerOf = (path: readonly (string | number)[]): string =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

interface Finding {
  readonly pointer: string;
  readonly detail: string;
}

const unknownKeys = (pointer: string, keys: readonly string[]): readonly Finding[] =>
  keys.map((key) => ({ pointer: pointer + pointerOf([key]), detail: 'This field does not exist.' }));

/** Reports the branch of a union with the fewest issues: it is most likely the intended one. */
const ofClosestBranch = (
  pointer: string,
  branches: readonly (readonly z.infer<typeof nestedIssue>[])[],
): readonly Finding[] => {
  const [closest = []] = branches.toSorted((a, b) => a.length - b.length);
  return closest.flatMap((issue) =>
    issue.keys
      ? unknownKeys(pointer + pointerOf(issue.path), issue.keys)
      : [{ pointer: pointer + pointerOf(issue.path), detail: issue.message }],
  );
};

const findingsOf = (issue: {
  readonly instancePath: string;
  readonly message?: string | undefined;
  readonly params: unknown;
}): readonly Finding[] => {
  const pointer = issue.instancePath === '/' ? '' : issue.instancePath;
  const details = issueDetails.safeParse(issue.params).data ?? {};
  if (details.keys) return unknownKeys(pointer, details.keys);
  if (details.errors && details.errors.length > 0) return ofClosestBranch(pointer, details.errors);
  return [{ pointer, detail: issue.message ?? 'This value does not match the schema.' }];
};

/** Returns the refusal and its invalid parts; undefined when the error is not a validation error. */
export const validationProblem = (
  error: unknown,
): { readonly refusal: Refusal; readonly parts: readonly ProblemPart[] } | undefined => {
  if (!hasZodFastifySchemaValidationErrors(error)) return undefined;
  const place = places[error.validationContext ?? 'body'] ?? 'body';
  const found = error.validation.flatMap(findingsOf);
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
