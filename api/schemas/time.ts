/** A time in a query. */
import { z } from 'zod';
import { toInstant } from '../../domain/time/epoch.ts';

/** Outside these years, some times with an offset have no representation as an instant or in the database. */
const [earliest, latest] = [Date.UTC(1970), Date.UTC(9999)];

export const timeQuery = z.iso
  .datetime({ offset: true, error: 'write an instant as 2026-12-01T09:00:00Z or with an offset' })
  .regex(
    /^(?:19[7-9]\d|[2-8]\d{3}|9[0-8]\d\d|99[0-8]\d|999[0-8])-/,
    'name a time between the years 1970 and 9998',
  )
  .transform((text, context) => {
    const at = Date.parse(text);
    if (at >= earliest && at < latest) return toInstant(at);
    context.addIssue('name a time between the years 1970 and 9998');
    return z.NEVER;
  });
