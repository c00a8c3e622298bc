/** Column types that Drizzle does not have. */
import { customType } from 'drizzle-orm/pg-core';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';

/** `timestamptz` read as the domain's instant. Everything we store has whole milliseconds. */
export const instant = customType<{ data: Instant; driverData: string }>({
  dataType: () => 'timestamp with time zone',
  fromDriver: (value) => instantSchema.parse(new Date(value).toISOString()),
});

export const timeRange = customType<{ data: string }>({ dataType: () => 'tstzrange' });
