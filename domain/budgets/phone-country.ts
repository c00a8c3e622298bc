/** Finds the country of a phone number, for the list of countries to which text messages are sent. */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { z } from 'zod';
import { type Country, countrySchema } from '../country.ts';
import { Refusal } from '../errors.ts';

/** Twilio's test numbers have the prefix of the United States. They belong to no numbering plan. */
const testNumber = /^\+1500555\d{4}$/;

/** Types of numbers, as libphonenumber names them. British personal numbers (070) look like mobile numbers. */
const revenueShares: ReadonlySet<string> = new Set(['PREMIUM_RATE', 'PERSONAL_NUMBER', 'SHARED_COST']);

/** The countries to which text messages are sent: `any`, or a list. */
export const smsCountriesSchema = z
  .union([
    z.literal('any'),
    z.array(countrySchema).max(countrySchema.options.length).describe('Empty: no text messages are sent'),
  ])
  .describe('The countries to which text messages are sent: `any`, or a list of them');
export type SmsCountries = 'any' | readonly Country[];

/**
 * Returns whether text messages may be sent to the number. A number of no country, such as a satellite phone, is on no list,
 * and neither is a number of a listed country that costs more and whose owner can earn from each message: a premium, personal or
 * shared-cost number.
 * @param phone E.164
 */
export const isSmsAllowed = (phone: string, allowed: SmsCountries): boolean => {
  if (allowed === 'any') return true;
  if (testNumber.test(phone)) return allowed.includes('US');
  const number = parsePhoneNumberFromString(phone);
  return (
    number?.country !== undefined &&
    allowed.includes(number.country) &&
    !revenueShares.has(number.getType() ?? 'UNKNOWN')
  );
};

interface TextRecipient {
  readonly id: string;
  readonly phone?: string | undefined;
  readonly channels: readonly string[];
  readonly fallbackChannels?: readonly string[] | undefined;
}

/**
 * Refuses a participant to whom text messages would be sent, and whose number is of a country that is not on the list.
 * @param pointer JSON pointer of the participant in the request
 * @throws {Refusal} `country_not_allowed`
 */
export const checkSmsCountry = (
  { id, phone, channels, fallbackChannels = [] }: TextRecipient,
  allowed: SmsCountries,
  pointer: string,
): void => {
  const isTexted = [...channels, ...fallbackChannels].includes('sms');
  if (phone === undefined || !isTexted || isSmsAllowed(phone, allowed)) return;
  throw new Refusal(
    'country_not_allowed',
    `The organization sends no text messages to the country of the phone number of participant ${id}.`,
    'Use a number of another country, or remove sms from the channels. GET /v1/organization/budgets lists the countries; an operator adds one.',
    [`${pointer}/phone`],
  );
};
