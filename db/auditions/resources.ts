/** The resources and times of slot holds as the database stores them. */
import { and, inArray, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { widen } from '../../domain/audition/conflict-rules.ts';
import { longestGap } from '../../domain/audition/conflict-settings.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import { calendarPrefix, roomPrefix } from '../../domain/audition/slot-resources.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { sha256 } from '../digest.ts';
import { slotHolds } from '../schema/slot-holds.ts';
import { instantFromDatabase } from '../time.ts';

/**
 * The name of a calendar usually contains an email address, and a room can be the home of a person. The table stores hashes of
 * both.
 */
const toStored = (resource: string): string => {
  const prefix = [calendarPrefix, roomPrefix].find((hashed) => resource.startsWith(hashed));
  return prefix === undefined ? resource : `${prefix}${sha256(resource.slice(prefix.length))}`;
};

/** Returns the place as it is stored. Null: the audition takes place by video. @param place see `placeOf` */
export const storedPlace = (place: string | undefined): string | null =>
  place === undefined ? null : sha256(place);

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

/** The shortest times between a slot and the holds of other auditions, in milliseconds. A hold has its own as well. */
export interface SlotGaps {
  readonly buffer: number;
  /** To an audition in another place. */
  readonly travel: number;
  /** See `placeOf`. Undefined: the audition takes place by video. */
  readonly place?: string | undefined;
}

export const noGaps: SlotGaps = { buffer: 0, travel: 0 };

/** Returns the SQL interval between a slot and a hold: the longer one of what either of them needs. */
export const gapTo = ({ buffer, travel, place }: SlotGaps = noGaps): SQL =>
  sql`greatest(${slotHolds.bufferMs}, ${buffer}::int,
    CASE WHEN ${slotHolds.place} IS DISTINCT FROM ${storedPlace(place)}::text
      THEN greatest(${slotHolds.travelMs}, ${travel}::int) ELSE 0 END) * interval '1 millisecond'`;

/** Returns the condition for holds of these resources, for all auditions, that overlap the time. */
const overlapping = (
  organization: OrganizationId,
  resources: readonly string[],
  time: TimeRange,
): SQL | undefined =>
  and(
    inArray(slotHolds.scope, [organization, '']),
    inArray(slotHolds.resource, [...storedResources(resources).keys()]),
    sql`${slotHolds.during} && ${rangeOf(time)}`,
  );

/** What a slot needs. */
export interface SlotNeeds {
  readonly organization: OrganizationId;
  /** See `slotResources`. */
  readonly resources: readonly string[];
  readonly gaps?: SlotGaps | undefined;
  /** Whether only holds that overlap the slot conflict. */
  readonly ignoresGaps?: boolean | undefined;
}

/**
 * Returns the condition for holds, of all auditions, that conflict with a slot at this time: they overlap it, or they are
 * too close. The first condition is wider, and uses the index.
 */
export const conflicting = (
  { organization, resources, gaps, ignoresGaps }: SlotNeeds,
  time: TimeRange,
): SQL | undefined =>
  ignoresGaps
    ? overlapping(organization, resources, time)
    : and(
        overlapping(organization, resources, widen(time, longestGap)),
        sql`${startOf} - ${gapTo(gaps)} < ${time.end}::timestamptz`,
        sql`${endOf} + ${gapTo(gaps)} > ${time.start}::timestamptz`,
      );
