/** Defines column types that Drizzle does not have. */
import { customType } from 'drizzle-orm/pg-core';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';

/** `timestamptz`, read as the domain's `Instant`. All stored times have whole milliseconds. */
export const instant = customType<{ data: Instant; driverData: string }>({
  dataType: () => 'timestamp with time zone',
  fromDriver: (value) => instantSchema.parse(new Date(value).toISOString()),
});

/** `tstzrange`, as the text of PostgreSQL. */
export const timeRange = customType<{ data: string }>({ dataType: () => 'tstzrange' });
