/**
 * Generates values that match a JSON schema. Supports the part of JSON Schema 2020-12 that our OpenAPI document uses.
 * Other keywords are ignored, so some values do not match; a fuzzer can use them too.
 */
import * as fc from 'fast-check';
import { z } from 'zod';

interface Schema {
  readonly $ref?: string | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly oneOf?: readonly Schema[] | undefined;
  readonly allOf?: readonly Schema[] | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly pattern?: string | undefined;
  readonly format?: string | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly items?: Schema | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: boolean | Schema | undefined;
}

const nonNegative = z.int().min(0).optional();
export const schemaSchema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    anyOf: z.array(schemaSchema).optional(),
    oneOf: z.array(schemaSchema).optional(),
    allOf: z.array(schemaSchema).optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    pattern: z.string().optional(),
    format: z.string().optional(),
    minLength: nonNegative,
    maxLength: nonNegative,
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    items: schemaSchema.optional(),
    minItems: nonNegative,
    maxItems: nonNegative,
    properties: z.record(z.string(), schemaSchema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), schemaSchema]).optional(),
  }),
);

export interface Surroundings {
  /** Returns the schema that `$ref` refers to. */
  readonly resolve: (ref: string) => Schema;
  /** Values that exist in the service, by property name; random values would rarely match one. */
  readonly known: Readonly<Record<string, readonly unknown[]>>;
}

/** The maximum depth. It exceeds that of every schema here, and ends recursive schemas. */
const deepest = 12;
const fewItems = 3;
const manyCharacters = 40;

/** A class of all characters outside ASCII. The generator draws from ASCII only: it would try for ever to find a member. */
const outsideAscii = String.raw`[^\x00-\x7f]`;

const matching = (pattern: string): fc.Arbitrary<string> | undefined => {
  if (pattern.includes(outsideAscii)) return undefined;
  try {
    return fc.stringMatching(new RegExp(pattern, 'u'));
  } catch {
    // The generator does not support this pattern; a lookahead, for example.
    return undefined;
  }
};

const formats: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'date-time': fc
    .date({ min: new Date('2026-11-01'), max: new Date('2028-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  email: fc.constantFrom('ada@example.com', 'a+b@example.co.uk'),
  uri: fc.constantFrom('https://hooks.example.com/castmatch', 'http://127.0.0.1:9/', 'https://10.0.0.1/'),
  base64: fc.base64String({ maxLength: manyCharacters }),
};

const strings = ({ format, pattern, minLength = 0, maxLength = manyCharacters }: Schema) =>
  formats[format ?? ''] ??
  (pattern === undefined ? undefined : matching(pattern)) ??
  fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, manyCharacters)) });

const numbers = ({ minimum = -1_000, maximum = 1_000 }: Schema) => ({
  min: Math.max(minimum, Number.MIN_SAFE_INTEGER),
  max: Math.min(Math.max(maximum, minimum), Number.MAX_SAFE_INTEGER),
});

const named = (name: string, schema: Schema, around: Surroundings, depth: number) => {
  const values = Object.hasOwn(around.known, name) ? around.known[name] : undefined;
  const drawn = arbitraryOf(schema, around, depth);
  return values === undefined
    ? drawn
    : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: drawn });
};

const objects = (schema: Schema, around: Surroundings, depth: number): fc.Arbitrary<unknown> => {
  const properties = Object.entries(schema.properties ?? {});
  const { additionalProperties: others } = schema;
  const record = fc.record(
    Object.fromEntries(
      properties.map(([name, property]) => [name, named(name, property, around, depth + 1)]),
    ),
    {
      requiredKeys: [...(schema.required ?? [])].filter((name) =>
        properties.some(([property]) => property === name),
      ),
    },
  );
  if (others === undefined || typeof others === 'boolean') return record;
  const more = fc.dictionary(fc.string({ maxLength: 10 }), arbitraryOf(others, around, depth + 1), {
    maxKeys: 2,
  });
  return fc.tuple(record, more).map(([ours, rest]) => ({ ...rest, ...ours }));
};

const ofType = (type: string, schema: Schema, around: Surroundings, depth: number): fc.Arbitrary<unknown> => {
  switch (type) {
    case 'string':
      return strings(schema);
    case 'integer':
      return fc.integer(numbers(schema));
    case 'number':
      return fc.double({ ...numbers(schema), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? {}, around, depth + 1), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? fewItems, fewItems)),
      });
    case 'object':
      return objects(schema, around, depth);
    default:
      return fc.jsonValue();
  }
};

/** Returns an arbitrary of values that match the schema. `depth` is for the recursion only. */
export const arbitraryOf = (schema: Schema, around: Surroundings, depth = 0): fc.Arbitrary<unknown> => {
  if (depth > deepest) return fc.constant(null);
  if (schema.$ref !== undefined) return arbitraryOf(around.resolve(schema.$ref), around, depth + 1);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((choice) => arbitraryOf(choice, around, depth + 1)));
  if (schema.allOf) {
    const parts = schema.allOf.map((part) => arbitraryOf(part, around, depth + 1));
    return fc.tuple(...parts).map((values) => Object.assign({}, ...values));
  }
  const types = [schema.type ?? (schema.properties ? 'object' : 'anything')].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema, around, depth)));
};
