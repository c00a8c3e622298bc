/**
 * Reads and renders the times of events: a local time and the name of a zone, Windows or IANA
 * (https://learn.microsoft.com/graph/api/resources/datetimetimezone).
 */
import { DateTime, IANAZone } from 'luxon';
import { findIana } from 'windows-iana';
import { z } from 'zod';
import { readLocal } from '../time.ts';
import { GraphError } from './errors.ts';

export const dateTimeZoneSchema = z.object({ dateTime: z.string(), timeZone: z.string() });
export type DateTimeZone = z.infer<typeof dateTimeZoneSchema>;

/** Returns the IANA name of a zone; undefined for a name that Microsoft does not know. */
export const zoneOf = (name: string): string | undefined => {
  const [zone] = findIana(name);
  return zone ?? (IANAZone.isValidZone(name) ? name : undefined);
};

/**
 * Returns the epoch milliseconds of a time.
 *
 * @throws {GraphError} a 400 for an unknown zone or an invalid time.
 */
export const readTime = ({ dateTime, timeZone }: DateTimeZone, unknownZones: readonly string[]): number => {
  const zone = unknownZones.includes(timeZone) ? undefined : zoneOf(timeZone);
  if (zone === undefined) {
    throw new GraphError(
      400,
      'TimeZoneNotSupportedException',
      `A valid TimeZone value must be specified. The following TimeZone value is not supported: '${timeZone}'.`,
    );
  }
  const read = readLocal(dateTime, zone);
  if (read === undefined) {
    throw new GraphError(
      400,
      'ErrorInvalidParameter',
      `The value '${dateTime}' of type 'DateTime' is invalid.`,
    );
  }
  return read;
};

/** Returns a time in a zone as Graph does, with seven digits after the second and no offset. */
export const renderTime = (epochMs: number, zoneName: string): DateTimeZone => ({
  dateTime: DateTime.fromMillis(epochMs, { zone: zoneOf(zoneName) ?? 'utc' }).toFormat(
    "yyyy-MM-dd'T'HH:mm:ss.SSS'0000'",
  ),
  timeZone: zoneName,
});
