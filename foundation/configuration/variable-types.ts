/** The forms that variables come in, and what is to be said of each. */
import { z } from 'zod';

interface VariableMetadata {
  /** The heading in docs/configuration.md. */
  readonly group: string;
  readonly about: string;
  /** Completes the sentence "Set it to …". */
  readonly form: string;
  readonly secret?: true;
}

export const variableMetadata = z.registry<VariableMetadata>();

/** Completes the sentence "Set it to …". */
export const formOf = (schema: z.ZodType | undefined): string =>
  (schema && variableMetadata.get(schema)?.form) ?? 'a value';

export const notEmpty = () => z.string().min(1);
export const port = () =>
  z.string().regex(/^\d+$/).transform(Number).pipe(z.number().int().min(0).max(65_535));
export const count = () =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number);
const parsedUrl = (text: string) => (URL.canParse(text) ? new URL(text) : undefined);
const withoutTrailingSlash = (url: string) => url.replace(/\/+$/, '');

export const webAddress = () =>
  z
    .string()
    .refine((text) => {
      const url = parsedUrl(text);
      return url !== undefined && /^https?:$/.test(url.protocol) && plain(url);
    })
    .transform(withoutTrailingSlash);

/** Nothing but origin and path: a query, a fragment or a password would end up in the middle of a built address. */
const plain = (url: URL) => `${url.search}${url.hash}${url.username}${url.password}` === '';

export const origin = () => webAddress().refine((text) => parsedUrl(text)?.pathname === '/');

/** Secrets that are exchanged with an overlap: newest first. */
export const secretList = () =>
  z
    .string()
    .transform((text) => text.split(',').map((one) => one.trim()))
    .pipe(z.array(z.string().min(1)).min(1));

/** Origins alone, separated by commas; empty is none. */
export const originList = () =>
  z
    .string()
    .transform((text) => (text.trim() === '' ? [] : text.split(',').map((one) => one.trim())))
    .pipe(z.array(origin()));

/** CIDR notation, separated by commas; empty is none. */
export const networks = () =>
  z
    .string()
    .transform((text) => (text.trim() === '' ? [] : text.split(',').map((one) => one.trim())))
    .pipe(z.array(z.union([z.cidrv4(), z.cidrv6()])));

export const urlOf = (...protocols: readonly string[]) =>
  z.string().refine((text) => {
    const url = parsedUrl(text);
    return url !== undefined && protocols.includes(url.protocol) && url.hostname !== '';
  });
