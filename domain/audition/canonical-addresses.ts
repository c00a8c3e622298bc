/** Turns the addresses of a requested participant into the forms that this service uses: ASCII domains and E.164. */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { Country } from '../country.ts';
import { Refusal } from '../errors.ts';
import { canonicalEmail } from './email-address.ts';

/** Twilio's test numbers. They belong to no country's numbering plan. */
const testNumber = /^\+1500555\d{4}$/;

const invalidPhone = (whatToDo: string, pointers: readonly string[]): Refusal =>
  new Refusal('invalid_body', 'The phone number is not valid in any numbering plan.', whatToDo, pointers);

/**
 * Returns the number as E.164.
 * @param pointer JSON pointer of the participant in the request
 * @throws {Refusal} `invalid_body`
 */
const canonicalPhone = (phone: string, region: Country | undefined, pointer: string): string => {
  if (testNumber.test(phone)) return phone;
  const parsed = parsePhoneNumberFromString(phone, region);
  if (parsed?.isValid()) return parsed.number;
  throw phone.startsWith('+') || region !== undefined
    ? invalidPhone('Check the country and the number of digits; write it as +33612345678.', [
        `${pointer}/phone`,
      ])
    : invalidPhone('Write it with its country code as +33612345678, or name its phoneRegion.', [
        `${pointer}/phone`,
        `${pointer}/phoneRegion`,
      ]);
};

interface Addresses {
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
  readonly phoneRegion?: Country | undefined;
}

/**
 * Returns the participant with its addresses in the form that this service uses.
 * @param pointer JSON pointer of the participant in the request
 * @throws {Refusal} `invalid_body`
 */
export const withCanonicalAddresses = <Participant extends Addresses>(
  { phoneRegion, ...participant }: Participant,
  pointer: string,
): Omit<Participant, 'phoneRegion'> => ({
  ...participant,
  ...(participant.email !== undefined && { email: canonicalEmail(participant.email) }),
  ...(participant.phone !== undefined && {
    phone: canonicalPhone(participant.phone, phoneRegion, pointer),
  }),
});
