/**
 * Says in plain words what is wrong with a value. A schema can have a message of its own, which takes precedence. The
 * validator's texts ("Invalid input: expected string, received number") are written for its developers and change with
 * its version, so that none of them reaches a caller.
 */
import type { z } from 'zod';

type Issue = Parameters<z.core.$ZodErrorMap>[0];

/** By the type that the validator expected. */
const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  undefined: 'nothing',
};

/** By the name of the format. */
const forms: Readonly<Record<string, string>> = {
  email: 'write an email address as ada@example.com',
  url: 'write an address as https://example.com/path',
  date: 'write a day as 2026-12-01',
  datetime: 'write a time as 2026-12-01T09:00:00Z',
  base64: 'write the bytes in base64',
};

const counted = (count: number | bigint, thing: string): string =>
  `${count} ${thing}${Number(count) === 1 ? '' : 's'}`;

/** A limit in the unit of what it limits. */
const limitOf = (origin: string, limit: number | bigint): string => {
  switch (origin) {
    case 'string':
      return counted(limit, 'character');
    case 'array':
    case 'set':
      return counted(limit, 'entry').replace('entrys', 'entries');
    default:
      return String(limit);
  }
};

const listed = (values: readonly unknown[]): string => values.map(String).join(', ');

/** Returns the sentence about an issue that the schema has no message for. */
export const plainMessage = (issue: Issue): string => {
  switch (issue.code) {
    case 'invalid_type': {
      const kind = kinds[issue.expected] ?? 'a value of the documented type';
      return issue.input === undefined ? `this is missing: send ${kind}` : `send ${kind}`;
    }
    case 'invalid_value':
      return issue.values.length === 1
        ? `the only possible value is ${listed(issue.values)}`
        : `use one of these values: ${listed(issue.values)}`;
    case 'too_small':
      return `the minimum is ${limitOf(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `the maximum is ${limitOf(issue.origin, issue.maximum)}`;
    case 'invalid_format':
      return forms[issue.format] ?? 'write it in the form that the reference documents';
    case 'not_multiple_of':
      return `use a multiple of ${issue.divisor}`;
    case 'unrecognized_keys':
      return 'this field does not exist';
    case 'invalid_union':
      if ('options' in issue && Array.isArray(issue.options)) {
        const isMissing = !Object.hasOwn(Object(issue.input), issue.discriminator ?? '');
        return `${isMissing ? 'this is missing: ' : ''}use one of these values: ${listed(issue.options)}`;
      }
      return 'this matches none of the documented alternatives';
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return 'this value is not possible here';
    default:
      return 'this value does not match the schema';
  }
};
