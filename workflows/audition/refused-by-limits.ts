/** The codes of `activities/messaging/message-allowance.ts`: what the organization may send, and to which countries. */
const limitCodes: ReadonlySet<string> = new Set(['budget_spent', 'country_not_allowed']);

/** Returns whether a text message was not sent because of the country of its number. */
export const isForbiddenCountry = (code: string): boolean => code === 'country_not_allowed';

/** Returns whether a message was not sent because of the limits of the organization. */
export const isRefusedByLimits = (code: string): boolean => limitCodes.has(code);
