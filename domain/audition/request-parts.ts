/** The schemas that several parts of the request share. */
import { z } from 'zod';
import { singleLineText } from '../text.ts';

export const zoneSchema = singleLineText(64).describe('IANA time zone, e.g. Europe/Paris');

/** At least one part, in this order. Without lookahead, which generators of test data do not support. */
const timePart = String.raw`T(\d{1,9}H(\d{1,9}M)?(\d{1,9}S)?|\d{1,9}M(\d{1,9}S)?|\d{1,9}S)`;
const durationPattern = new RegExp(String.raw`^P(\d{1,9}D(${timePart})?|${timePart})$`);

/** ISO 8601 duration: PT24H, PT90M, P2D, PT20S. */
export const isoDurationSchema = z
  .string()
  .regex(durationPattern, 'write a duration as PT24H, P2D or PT90M')
  .describe('A duration of ISO 8601, in days, hours, minutes and seconds, of at most 366 days');

/** A BCP 47 language tag. */
export const languageSchema = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'write a language as en or fr-FR');
