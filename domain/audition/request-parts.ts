/** The schemas that several parts of the request share. */
import { z } from 'zod';
import { singleLineText } from '../text.ts';

export const zoneSchema = singleLineText(64).describe('IANA time zone, e.g. Europe/Paris');

/** ISO 8601 duration: PT24H, PT90M, P2D, PT20S. */
export const isoDurationSchema = z
  .string()
  .regex(/^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?$/, 'write a duration as PT24H, P2D or PT90M');

/** A BCP 47 language tag. */
export const languageSchema = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'write a language as en or fr-FR');
