import { IANAZone } from 'luxon';

/** The database has about 600 names, and Node accepts each in any spelling. */
const maxKnown = 1_000;
const known = new Set<string>();

/**
 * Returns whether the IANA database has the zone. Luxon constructs a formatter for each question, which takes as long as
 * the rest of a request's validation, so names that exist are remembered.
 */
export const isKnownZone = (zone: string): boolean => {
  if (known.has(zone)) return true;
  if (!IANAZone.isValidZone(zone)) return false;
  if (known.size >= maxKnown) known.clear();
  known.add(zone);
  return true;
};
