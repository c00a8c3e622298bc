/** The resources and times of slot holds as the database stores them. */
import { and, inArray, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { widen } from '../../domain/audition/conflict-rules.ts';
import { longestGap } from '../../domain/audition/conflict-settings.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { slotHolds } from '../schema/slot-holds.ts';
import { instantFromDatabase } from '../time.ts';
import type { StoredNames } from './stored-names.ts';

/** Returns the resources as they are stored, each with its name. */
export const storedResources = (
  names: StoredNames,
  resources: readonly string[],
): ReadonlyMap<string, string> => new Map(resources.map((name) => [names.resource(name), name]));

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
export const gapTo = (names: StoredNames, { buffer, travel, place }: SlotGaps = noGaps): SQL =>
  sql`greatest(${slotHolds.bufferMs}, ${buffer}::int,
    CASE WHEN ${slotHolds.place} IS DISTINCT FROM ${names.place(place)}::text
      THEN greatest(${slotHolds.travelMs}, ${travel}::int) ELSE 0 END) * interval '1 millisecond'`;

/** Returns the condition for holds of these resources, for all auditions, that overlap the time. */
const overlapping = (
  names: StoredNames,
  organization: OrganizationId,
  resources: readonly string[],
  time: TimeRange,
): SQL | undefined =>
  and(
    inArray(slotHolds.scope, [organization, '']),
    inArray(slotHolds.resource, [...storedResources(names, resources).keys()]),
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
  names: StoredNames,
  { organization, resources, gaps, ignoresGaps }: SlotNeeds,
  time: TimeRange,
): SQL | undefined =>
  ignoresGaps
    ? overlapping(names, organization, resources, time)
    : and(
        overlapping(names, organization, resources, widen(time, longestGap)),
        sql`${startOf} - ${gapTo(names, gaps)} < ${time.end}::timestamptz`,
        sql`${endOf} + ${gapTo(names, gaps)} > ${time.start}::timestamptz`,
      );
