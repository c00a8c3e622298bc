/** Parses what a client sends. */
import type { z } from 'zod';
import { GraphError } from './errors.ts';

/** @throws {GraphError} a 400 that names the first invalid field. */
export const readBody = <S extends z.ZodType>(schema: S, value: unknown): z.output<S> => {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new GraphError(
    400,
    'RequestBodyRead',
    `The property '${issue?.path.join('.') ?? ''}' is invalid: ${issue?.message ?? ''}`,
  );
};
