/** The resources and times of slot holds as the database stores them. */
import { and, inArray, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import { calendarPrefix } from '../../domain/audition/slot-resources.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { sha256 } from '../digest.ts';
import { slotHolds } from '../schema/slot-holds.ts';
import { instantFromDatabase } from '../time.ts';

/** The name of a calendar usually contains an email address. The table stores no address, so it stores a hash. */
const toStored = (resource: string): string =>
  resource.startsWith(calendarPrefix)
    ? `${calendarPrefix}${sha256(resource.slice(calendarPrefix.length))}`
    : resource;

/** Returns the resource of a calendar as it is stored. @param name the canonical name of the calendar */
export const storedCalendar = (name: string): string => toStored(`${calendarPrefix}${name}`);

/** Returns the resources as they are stored, each with its name. */
export const storedResources = (resources: readonly string[]): ReadonlyMap<string, string> =>
  new Map(resources.map((name) => [toStored(name), name]));

/** Returns the SQL range of the time. It includes its start and excludes its end. */
export const rangeOf = ({ start, end }: TimeRange): SQL =>
  sql`tstzrange(${start}::timestamptz, ${end}::timestamptz, '[)')`;

/** The ends of a hold, parsed by `rangeSchema`. */
export const startOf = sql<unknown>`lower(${slotHolds.during})`;
export const endOf = sql<unknown>`upper(${slotHolds.during})`;
export const rangeSchema = z.object({ start: instantFromDatabase, end: instantFromDatabase });

/** Returns the condition for holds of these resources at this time, for all auditions. */
export const overlapping = (
  organization: OrganizationId,
  resources: readonly string[],
  time: TimeRange,
): SQL | undefined =>
  and(
    inArray(slotHolds.scope, [organization, '']),
    inArray(slotHolds.resource, [...storedResources(resources).keys()]),
    sql`${slotHolds.during} && ${rangeOf(time)}`,
  );
