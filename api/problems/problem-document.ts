/** Problem documents (RFC 9457): what every error of the API looks like. */
import { z } from 'zod';
import { type Refusal, refusalCodes } from '../../domain/errors.ts';
import { problemKinds } from './catalogue.ts';

export const problemMediaType = 'application/problem+json';

const partSchema = z.object({
  in: z.enum(['body', 'query', 'path', 'header']),
  pointer: z.string().describe('JSON pointer (RFC 6901) of the part that is meant; empty for the whole'),
  detail: z.string(),
});
export type ProblemPart = z.infer<typeof partSchema>;

export const problemSchema = z
  .object({
    type: z.string().describe('A URN made of the code'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What happened, for a person'),
    code: z.enum(refusalCodes).describe('Stable: write programs against this'),
    whatToDo: z.string().describe('What to do next'),
    correlationId: z.string().describe('Quote it when you ask for help'),
    errors: z.array(partSchema).optional().describe('The parts of the request that are meant'),
  })
  .meta({ id: 'Problem', description: 'A problem document (RFC 9457)' });
type ProblemDocument = z.infer<typeof problemSchema>;

/** `parts` says more about each pointer than the refusal can; without it, the refusal's sentence serves for all. */
export const problemOf = (
  refusal: Refusal,
  correlationId: string,
  parts: readonly ProblemPart[] = refusal.pointers.map((pointer) => ({
    in: 'body',
    pointer,
    detail: refusal.message,
  })),
): ProblemDocument => ({
  type: `urn:castmatch:problem:${refusal.code}`,
  title: problemKinds[refusal.code].title,
  status: problemKinds[refusal.code].status,
  detail: refusal.message,
  code: refusal.code,
  whatToDo: refusal.whatToDo,
  correlationId,
  ...(parts.length > 0 ? { errors: [...parts] } : {}),
});
