/** A successful answer with its description, in the form that keeps the schema a shared component of OpenAPI. */
import type { z } from 'zod';

export const json = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
});
