/** The responses of a route for its schema: the successful ones, and its problem documents. */
import type { z } from 'zod';
import type { RefusalCode } from '../../domain/errors.ts';
import { problemKinds } from '../problems/catalogue.ts';
import { problemMediaType, problemSchema } from '../problems/problem-document.ts';

/** A successful answer with its description, in the form that keeps the schema a shared component of OpenAPI. */
export const jsonResponse = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
});

type ProblemResponse = {
  readonly description: string;
  readonly content: { readonly [problemMediaType]: { readonly schema: typeof problemSchema } };
};

const everywhere = [
  'too_many_requests',
  'internal',
  'overloaded',
  'temporarily_unavailable',
] as const satisfies readonly RefusalCode[];

/** By status, with the codes that may come with it. Every route may also answer 429, 500 and 503. */
export const problemResponses = (...codes: readonly RefusalCode[]): Record<number, ProblemResponse> => {
  const all = [...new Set<RefusalCode>([...codes, ...everywhere])];
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
