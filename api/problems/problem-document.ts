/** Problem documents (RFC 9457), the format of all errors of the API. */
import { z } from 'zod';
import { slotConflictSchema } from '../../domain/audition/slot-conflict.ts';
import { type Refusal, refusalCodes } from '../../domain/errors.ts';
import { problemKinds } from './catalogue.ts';

export const problemMediaType = 'application/problem+json';

const partSchema = z.object({
  in: z.enum(['body', 'query', 'path', 'header']).describe('The part of the request'),
  pointer: z.string().describe('JSON pointer (RFC 6901) of the invalid part; empty for the whole'),
  detail: z.string().describe('What is wrong with it, or how to write it'),
});
export type ProblemPart = z.infer<typeof partSchema>;

export const problemSchema = z
  .object({
    type: z.string().describe('A URN that contains the code'),
    title: z.string().describe('The kind of problem, for a person'),
    status: z.int().describe('The HTTP status'),
    detail: z.string().describe('What happened, for a person'),
    code: z.enum(refusalCodes).describe('Stable; use it in programs'),
    whatToDo: z.string().describe('What to do next'),
    correlationId: z.string().describe('Quote it in support requests'),
    errors: z.array(partSchema).optional().describe('The invalid parts of the request, the first 50 of them'),
    conflict: slotConflictSchema
      .optional()
      .describe('For a slot that is not free: what blocks it, in ids and times'),
  })
  .meta({ id: 'Problem', description: 'A problem document (RFC 9457)' });
type ProblemDocument = z.infer<typeof problemSchema>;

/** Returns the parts that the pointers of a refusal name, each with the refusal's message. */
export const partsOf = (
  { pointers, message }: Refusal,
  place: ProblemPart['in'] = 'body',
): readonly ProblemPart[] => pointers.map((pointer) => ({ in: place, pointer, detail: message }));

/**
 * Creates the problem document of a refusal.
 * @param parts a detail for each invalid part; by default the pointers of the refusal, into the body
 */
export const problemOf = (
  refusal: Refusal,
  correlationId: string,
  parts: readonly ProblemPart[] = partsOf(refusal),
): ProblemDocument => ({
  type: `urn:castmatch:problem:${refusal.code}`,
  title: problemKinds[refusal.code].title,
  status: problemKinds[refusal.code].status,
  detail: refusal.message,
  code: refusal.code,
  whatToDo: refusal.whatToDo,
  correlationId,
  ...(parts.length > 0 ? { errors: [...parts] } : {}),
  ...(refusal.conflict ? { conflict: refusal.conflict } : {}),
});
