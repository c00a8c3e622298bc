/** Names what of a successful answer of a vendor cannot be read. */
import type { ZodError } from 'zod';
import { redactVendorMessage } from './vendor-message.ts';

/** Stands for the fields of an answer that is no document of the vendor, such as the page of a gateway. */
export const wholeAnswer = 'the whole answer';

const mostFields = 5;

/** Returns the names of the fields, such as `value` or `items[].start`. A name that a person can have chosen is redacted. */
export const unreadableFields = ({ issues }: Pick<ZodError, 'issues'>): string =>
  [...new Set(issues.map(({ path }) => fieldOf(path)))].slice(0, mostFields).join(', ');

const fieldOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((field, part) => {
    if (typeof part === 'number') return `${field}[]`;
    const name = redactVendorMessage(String(part));
    return field === '' ? name : `${field}.${name}`;
  }, '') || wholeAnswer;
