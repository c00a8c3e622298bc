/** Reads fields that vendors send, omit, or send in a form that is new. */
import type { z } from 'zod';

/**
 * Returns the schema of a field that an event can do without. A null, and a value of another form, count as missing: one odd
 * field must not hide the time of the event.
 */
export const optionalField = <Shape extends z.ZodType>(shape: Shape) =>
  shape
    .nullish()
    .transform((value) => value ?? undefined)
    .catch(undefined);
