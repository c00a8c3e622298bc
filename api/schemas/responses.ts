/** Response schemas of routes: successful responses and problem documents. */
import type { z } from 'zod';
import type { RefusalCode } from '../../domain/errors.ts';
import { problemKinds } from '../problems/catalogue.ts';
import { problemMediaType, problemSchema } from '../problems/problem-document.ts';

/** Describes a successful response, in the form that keeps the schema a shared component of OpenAPI. */
export const jsonResponse = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
});

type ProblemResponse = {
  readonly description: string;
  readonly content: { readonly [problemMediaType]: { readonly schema: typeof problemSchema } };
};

const commonCodes = [
  'too_many_requests',
  'internal',
  'overloaded',
  'temporarily_unavailable',
] as const satisfies readonly RefusalCode[];

/** Describes the problem responses by status. Adds 429, 500 and 503, which every route can return. */
export const problemResponses = (...codes: readonly RefusalCode[]): Record<number, ProblemResponse> => {
  const all = [...new Set<RefusalCode>([...codes, ...commonCodes])];
  const statuses = [...new Set(all.map((code) => problemKinds[code].status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const ofStatus = all.filter((code) => problemKinds[code].status === status);
      return [
        status,
        {
          description: ofStatus.map((code) => `\`${code}\`: ${problemKinds[code].title}`).join('. '),
          content: { [problemMediaType]: { schema: problemSchema } },
        },
      ];
    }),
  );
};
