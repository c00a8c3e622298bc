/** The countries that have phone numbers. */
import { getCountries } from 'libphonenumber-js/max';
import { z } from 'zod';

/** A list in the reference too, so that clients generate none that is refused. */
export const countrySchema = z
  .enum(getCountries(), 'write a country as two letters of ISO 3166-1, such as FR')
  .meta({ id: 'Country', description: 'A country: two letters of ISO 3166-1, such as FR' });
export type Country = z.infer<typeof countrySchema>;
