/** Reads fields that vendors send, omit, or send in a form that is new. */
import { z } from 'zod';

/**
 * Returns the schema of a field that an event can do without. A null, and a value of another form, count as missing: one odd
 * field must not hide the time of the event.
 */
export const optionalField = <Shape extends z.ZodType>(shape: Shape) =>
  shape
    .nullish()
    .transform((value) => value ?? undefined)
    .catch(undefined);

/** Returns the schema of a list whose entries are read one by one: one that cannot be read does not hide the others. */
export const readableEntries = <Shape extends z.ZodType>(shape: Shape) =>
  z.array(z.unknown()).transform((entries) =>
    entries.flatMap((entry) => {
      const read = shape.safeParse(entry);
      return read.success ? [read.data] : [];
    }),
  );
