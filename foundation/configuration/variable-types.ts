/** Schemas of environment variables and the metadata that documents them. */
import { z } from 'zod';
import { smsCountriesSchema } from '../../domain/budgets/phone-country.ts';

interface VariableMetadata {
  /** The heading in docs/configuration.md. */
  readonly group: string;
  readonly about: string;
  /** Completes the sentence "Set it to …". */
  readonly form: string;
  readonly secret?: true;
}

/** Holds the documentation of each variable, by its schema. */
export const variableMetadata = z.registry<VariableMetadata>();

/** Returns the form of a variable. It completes the sentence "Set it to …". */
export const formOf = (schema: z.ZodType | undefined): string =>
  (schema && variableMetadata.get(schema)?.form) ?? 'a value';

/** Accepts any text of at least one character. */
export const notEmpty = () => z.string().min(1);
/** Accepts a sentence that justifies an exception. */
export const reason = () => z.string().min(10);
/** Accepts a port number from 0 to 65535. */
export const port = () =>
  z.string().regex(/^\d+$/).transform(Number).pipe(z.number().int().min(0).max(65_535));
/** Accepts a whole number of at most nine digits. */
export const count = () =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number);
const parsedUrl = (text: string) => (URL.canParse(text) ? new URL(text) : undefined);
const withoutTrailingSlash = (url: string) => url.replace(/\/+$/, '');

/**
 * Accepts an `http://` or `https://` address without query, fragment or credentials. Removes trailing
 * slashes.
 */
export const webAddress = () =>
  z
    .string()
    .refine((text) => {
      const url = parsedUrl(text);
      return url !== undefined && /^https?:$/.test(url.protocol) && plain(url);
    })
    .transform(withoutTrailingSlash);

/**
 * Accepts an `http://` or `https://` address that is called exactly as it is written: with its query, and with the slash
 * at its end.
 */
export const exactAddress = () =>
  z.string().refine((text) => {
    const url = parsedUrl(text);
    return (
      url !== undefined &&
      /^https?:$/.test(url.protocol) &&
      `${url.hash}${url.username}${url.password}` === ''
    );
  });

/**
 * Returns true for a URL of origin and path only. Code that appends a path to a longer URL would build a
 * wrong address.
 */
const plain = (url: URL) => `${url.search}${url.hash}${url.username}${url.password}` === '';

/** Accepts a web address without a path. */
export const origin = () => webAddress().refine((text) => parsedUrl(text)?.pathname === '/');

/** Accepts one or more names separated by commas. */
export const nameList = () =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(z.string().min(1)).min(1));

/** Accepts secrets separated by commas, newest first, so that a secret can be rotated with an overlap. */
export const secretList = () => nameList();

/** Accepts origins separated by commas. An empty text means none. */
export const originList = () =>
  z
    .string()
    .transform((text) => (text.trim() === '' ? [] : text.split(',').map((part) => part.trim())))
    .pipe(z.array(origin()));

/** Accepts networks in CIDR notation, separated by commas. An empty text means none. */
export const networks = () =>
  z
    .string()
    .transform((text) => (text.trim() === '' ? [] : text.split(',').map((part) => part.trim())))
    .pipe(z.array(z.union([z.cidrv4(), z.cidrv6()])));

/** Accepts networks in CIDR notation, or `none`: where a forgotten setting is dangerous, "none" must be said. */
export const networksOrNone = () => z.union([z.literal('none').transform(() => []), networks()]);

/** Accepts countries separated by commas, as two letters of ISO 3166-1, or `any`. */
export const countriesOrAny = () =>
  z
    .string()
    .transform((text) =>
      text.trim().toLowerCase() === 'any' ? 'any' : text.split(',').map((part) => part.trim().toUpperCase()),
    )
    .pipe(smsCountriesSchema);

/** Accepts a URL with a host and one of the protocols, such as `postgres:`. */
export const urlOf = (...protocols: readonly string[]) =>
  z.string().refine((text) => {
    const url = parsedUrl(text);
    return url !== undefined && protocols.includes(url.protocol) && url.hostname !== '';
  });
