/** How many messages an organization may send in a day, and to which countries. */
import { z } from 'zod';
import { day } from '../time/units.ts';
import { type SmsCountries, smsCountriesSchema } from './phone-country.ts';

const amount = () => z.int().min(0).max(999_999_999);

const limitsShape = {
  sms: amount().describe('Segments of text messages in a day (UTC)'),
  email: amount().describe('Emails in a day (UTC)'),
  smsCountries: smsCountriesSchema,
};

/** The limits that hold for an organization. */
export interface MessageLimits {
  readonly sms: number;
  readonly email: number;
  readonly smsCountries: SmsCountries;
}

/** Limits that are set for an organization. An absent one is not set. */
export const partialMessageLimitsSchema = z.strictObject(limitsShape).partial();
export type PartialMessageLimits = z.infer<typeof partialMessageLimitsSchema>;

/** The limits of an organization as they are stored. */
export interface OrganizationLimits {
  /** Set by the operator, in place of the defaults of the service. */
  readonly granted: PartialMessageLimits;
  /** Set by the organization. They can only be stricter. */
  readonly own: PartialMessageLimits;
}

/**
 * Returns the limits that hold: those of the operator, else the defaults, narrowed by those of the organization. The
 * operator pays the vendors, so an organization cannot raise its own budget.
 */
export const effectiveLimits = (
  defaults: MessageLimits,
  { granted, own }: OrganizationLimits = { granted: {}, own: {} },
): MessageLimits => {
  const { sms, email, smsCountries } = { ...defaults, ...granted };
  return {
    sms: Math.min(sms, own.sms ?? sms),
    email: Math.min(email, own.email ?? email),
    smsCountries: narrowed(smsCountries, own.smsCountries ?? 'any'),
  };
};

const narrowed = (allowed: SmsCountries, own: SmsCountries): SmsCountries => {
  if (allowed === 'any') return own;
  return own === 'any' ? allowed : allowed.filter((country) => own.includes(country));
};

/** The share of a budget from which on it is nearly spent. */
export const warningShare = 0.8;
/** The share of a budget that is kept beside it, for notices that cannot wait for a higher budget. */
const reserveShare = 0.2;

/** Returns the use at which a budget is nearly spent. At least 1: a budget of 0 is never nearly spent. */
export const warningAt = (budget: number): number => Math.max(1, Math.ceil(budget * warningShare));

/** Returns the reserve of a budget. A budget of 0 has none. */
export const reserveOf = (budget: number): number => Math.ceil(budget * reserveShare);

/** How long before its slot a notice can use the reserve, in milliseconds. */
const urgencyMs = day;

/**
 * Returns whether a notice can use the reserve: a cancellation, because a person would travel for nothing, and each notice
 * about a slot that begins within a day.
 * @param now epoch milliseconds
 */
export const mayUseReserve = (
  { notice, slotStart }: { readonly notice: string; readonly slotStart: string },
  now: number,
): boolean => notice === 'cancellation' || Date.parse(slotStart) - now <= urgencyMs;
