/** Orders auditions by their slots. */
import { type SQL, sql } from 'drizzle-orm';
import { auditions } from '../schema/auditions.ts';

/** Returns the order: the next slots from a moment on, then those before it, the latest first. */
export const nextFirst = (moment: SQL): readonly SQL[] => [
  sql`${auditions.scheduledFor} < ${moment}`,
  sql`abs(extract(epoch FROM ${auditions.scheduledFor} - ${moment}))`,
];
