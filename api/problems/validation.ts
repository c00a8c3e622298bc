/** What a schema did not accept, part by part, in JSON pointers. */
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Refusal } from '../../domain/errors.ts';
import type { ProblemPart } from './problem-document.ts';

const places: Readonly<Record<string, ProblemPart['in']>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};

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

const pointerOf = (path: readonly (string | number)[]): string =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

interface Finding {
  readonly pointer: string;
  readonly detail: string;
}

const unknownKeys = (pointer: string, keys: readonly string[]): readonly Finding[] =>
  keys.map((key) => ({ pointer: pointer + pointerOf([key]), detail: 'There is no such field.' }));

/** Of a union's branches, the one that fits best is the one that was meant. */
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
  return [{ pointer, detail: issue.message ?? 'This does not fit.' }];
};

/** The refusal and its parts, if the error is one of validation. */
export const validationProblem = (
  error: unknown,
): { readonly refusal: Refusal; readonly parts: readonly ProblemPart[] } | undefined => {
  if (!hasZodFastifySchemaValidationErrors(error)) return undefined;
  const place = places[error.validationContext ?? 'body'] ?? 'body';
  const parts = error.validation.flatMap(findingsOf).map((finding) => ({ in: place, ...finding }));
  const named = parts.map(({ pointer, detail }) => `${pointer || 'the whole'}: ${detail}`).join('; ');
  const refusal = new Refusal(
    'invalid_body',
    `The ${place} of the request does not fit: ${named}`,
    'Correct the parts named in errors; the schema is in /openapi.json, readable at /docs.',
  );
  return { refusal, parts };
};
