/** Reads the bodies and queries of requests to Zoom's API. */
import type { z } from 'zod';
import { validationFailed } from './errors.ts';

/** @throws {ZoomError} 300 with the invalid fields. */
export const readRequest = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  throw validationFailed(
    result.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })),
  );
};
