/**
 * Tests that no text enters by which people could be misled: each string of each request has a pattern that refuses controls, line
 * separators and controls of the writing direction. A new field without one fails here.
 */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { resolveAttentionSchema } from '../domain/audition/commands.ts';
import { canonicalEmail } from '../domain/audition/email-address.ts';

const schemaSchema = z.looseObject({
  $ref: z.string().optional(),
  type: z.unknown().optional(),
  pattern: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).default([]),
  oneOf: z.array(z.unknown()).default([]),
  allOf: z.array(z.unknown()).default([]),
  properties: z.record(z.string(), z.unknown()).default({}),
  items: z.unknown().optional(),
});
const contentSchema = z.record(z.string(), z.object({ schema: z.unknown() }));
const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ requestBody: z.object({ content: contentSchema }).optional() })),
  ),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});
const document = documentSchema.parse(
  JSON.parse(readFileSync(new URL('../docs/openapi.json', import.meta.url), 'utf8')),
);

interface Leaf {
  readonly place: string;
  readonly pattern: string | undefined;
}

const leavesOf = (value: unknown, place: string, inside: readonly string[] = []): readonly Leaf[] => {
  const parsed = schemaSchema.safeParse(value);
  if (!parsed.success) return [];
  const { $ref, type, pattern, enum: values, anyOf, oneOf, allOf, properties, items, ...rest } = parsed.data;
  if ($ref !== undefined) {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    return inside.includes(name) ? [] : leavesOf(document.components.schemas[name], place, [...inside, name]);
  }
  return [
    ...(type === 'string' && !values && rest.const === undefined ? [{ place, pattern }] : []),
    ...[...anyOf, ...oneOf, ...allOf].flatMap((branch) => leavesOf(branch, place, inside)),
    ...Object.entries(properties).flatMap(([name, part]) => leavesOf(part, `${place}/${name}`, inside)),
    ...leavesOf(items, `${place}[]`, inside),
  ];
};

const leaves = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, { requestBody }]) =>
    Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => leavesOf(schema, `${method} ${path}`)),
  ),
);

/** Parsed and written in another form, or only compared with what is stored. */
const readOtherwise =
  /\/email$|\/joinUrl$|webhook-endpoints.*\/?url$|\/recurrence\/rule$|links\/file$|attention\/resolve\/code$/;
const texts = leaves.filter(({ place }) => !readOtherwise.test(place));

/** Bidi_Control, line and paragraph separators, and controls. */
const misleading = Array.from(
  '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\u0000\u0007\u001b\u007f\u0085',
);

/** Texts, numbers, times and ids around the character: each pattern accepts one of them without it. */
const surroundings = [
  ['', ''],
  ['A', 'B'],
  ['06 12', '34'],
  ['+33', ''],
  ['2026-12-01T10:00', ''],
  ['aud_1', 'x'],
  ['Europe/', 'Paris'],
] as const;

it('every text of a request refuses misleading characters, wherever they are', () => {
  expect(texts.length).toBeGreaterThan(50);
  const accepted = texts.flatMap(({ place, pattern }) =>
    surroundings.flatMap(([before, after]) =>
      misleading
        .filter((one) => pattern === undefined || new RegExp(pattern, 'u').test(`${before}${one}${after}`))
        .map((one) => `${place} accepts U+${one.codePointAt(0)?.toString(16)}`),
    ),
  );
  expect([...new Set(accepted)]).toEqual([]);
});

it('an address and a link with misleading characters are refused, or written without them', () => {
  fc.assert(
    fc.property(fc.constantFrom(...misleading), (one) => {
      expect(canonicalEmail(`ada@exa${one}mple.com`) ?? 'ada@example.com').toBe('ada@example.com');
      const body = { action: 'override', value: { joinUrl: `https://meet.example.com/${one}a` } };
      const { data } = resolveAttentionSchema.safeParse(body);
      expect(JSON.stringify(data ?? '')).toMatch(/^[\x20-\x7e]*$/);
    }),
  );
});
