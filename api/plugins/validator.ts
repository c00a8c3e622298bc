/** Validates the parts of requests with the schemas of their routes. */
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { plainMessage } from '../problems/plain-messages.ts';

/** A part of a request does not match its schema. Fastify adds which part: `validationContext`. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
  readonly issues: readonly z.core.$ZodIssue[];
  readonly validationContext?: string;

  constructor(issues: readonly z.core.$ZodIssue[]) {
    super('the request does not match the schema of its route');
    this.issues = issues;
  }
}

/** As the compiler of fastify-type-provider-zod, but with our texts, which reach callers. */
export const compileValidator: FastifySchemaCompiler<z.ZodType> =
  ({ schema }) =>
  (data: unknown) => {
    const { error, data: value } = schema.safeParse(data, { error: plainMessage });
    return error ? { error: new InvalidRequest(error.issues) } : { value };
  };
