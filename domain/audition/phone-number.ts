/** The forms in which a request can have a phone number. `canonical-addresses.ts` turns them into E.164. */
import { z } from 'zod';
import { countrySchema } from '../country.ts';

export const phoneSchema = z
  .string()
  .max(40)
  .regex(
    /^[+(]?[\d \u00a0\u202f()./-]+$/,
    'write a phone number as +33612345678, or as 06 12 34 56 78 with a phoneRegion',
  )
  .describe('A phone number: international with +, or national with `phoneRegion`');

/** The country of a number in national form. */
export const phoneRegionSchema = countrySchema;
