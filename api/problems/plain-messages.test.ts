import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { plainMessage } from './plain-messages.ts';

const messageOf = (schema: z.ZodType, value: unknown): string | undefined =>
  schema.safeParse(value, { error: plainMessage }).error?.issues[0]?.message;

const resolution = z.discriminatedUnion('action', [
  z.object({ action: z.literal('retry') }),
  z.object({ action: z.literal('skip') }),
]);

describe('the message about an invalid value', () => {
  it.each([
    [z.string(), 1, 'send a text'],
    [z.string(), undefined, 'this is missing: send a text'],
    [z.int(), 1.5, 'send a whole number'],
    [z.boolean(), 'yes', 'send true or false'],
    [z.array(z.string()), {}, 'send a list'],
    [z.object({}), [], 'send an object'],
    [z.enum(['a', 'b']), 'c', 'use one of these values: a, b'],
    [z.literal('a'), 'c', 'the only possible value is a'],
    [z.string().min(1), '', 'the minimum is 1 character'],
    [z.array(z.string()).max(2), ['', '', ''], 'the maximum is 2 entries'],
    [z.int().min(1), 0, 'the minimum is 1'],
    [z.iso.date(), '1', 'write a day as 2026-12-01'],
    [z.email(), '1', 'write an email address as ada@example.com'],
    [z.string().regex(/a/), 'b', 'write it in the form that the reference documents'],
    [z.string().refine(() => false), 'b', 'this value is not possible here'],
    [resolution, {}, 'this is missing: use one of these values: retry, skip'],
    [resolution, { action: 'go on' }, 'use one of these values: retry, skip'],
    [resolution, [], 'send an object'],
    [z.templateLiteral(['a', z.string()]), 'b', 'write it in the form that the reference documents'],
  ])('is plain: %#', (schema, value, message) => {
    expect(messageOf(schema, value)).toBe(message);
  });

  it('is the message of the schema, if it has one', () => {
    expect(messageOf(z.string().regex(/a/, 'write an a'), 'b')).toBe('write an a');
  });
});
