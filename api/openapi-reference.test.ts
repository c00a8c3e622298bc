/** Tests that the reference explains itself: descriptions, names and examples, and that the examples are valid. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { generateOpenApi } from '../tests/harness/openapi-document.ts';

const example = z.looseObject({ value: z.unknown() });
const media = z.looseObject({
  schema: z.looseObject({ $ref: z.string().optional() }),
  example: z.unknown().optional(),
  examples: z.record(z.string(), example).optional(),
});
const content = z.record(z.string(), media).optional();
const response = z.looseObject({ content, headers: z.record(z.string(), z.unknown()).optional() });
const parameter = z.looseObject({
  name: z.string(),
  description: z.string().optional(),
  schema: z.looseObject({ description: z.string().optional() }),
});
const operation = z.looseObject({
  tags: z.array(z.string()),
  parameters: z.array(parameter).default([]),
  requestBody: z.looseObject({ content }).optional(),
  responses: z.record(z.string(), response),
});
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  webhooks: z.record(z.string(), z.unknown()),
  components: z.looseObject({ schemas: z.record(z.string(), z.looseObject({})) }),
});

/** The document is large: its generation and each walk take seconds on a busy machine. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let document: z.infer<typeof documentSchema>;
let ajv: Ajv2020;
beforeAll(async () => {
  document = documentSchema.parse(JSON.parse(await generateOpenApi()));
  ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'openapi', ...document });
});

const fieldSchema = z.record(z.string(), z.unknown());
const objectSchema = z.looseObject({ properties: z.record(z.string(), fieldSchema) });

/** Returns the fields without a description, as paths. A reference has the description of its schema. */
const undescribed = (part: unknown, path: string): readonly string[] => {
  if (Array.isArray(part)) return part.flatMap((each, index) => undescribed(each, `${path}/${index}`));
  if (typeof part !== 'object' || part === null) return [];
  const { properties } = objectSchema.safeParse(part).data ?? { properties: {} };
  return [
    ...Object.entries(properties)
      .filter(([, field]) => !('description' in field) && !('$ref' in field))
      .map(([name]) => `${path}.${name}`),
    ...Object.entries(part)
      .filter(([name]) => name !== 'example' && name !== 'examples')
      .flatMap(([name, each]) => undescribed(each, `${path}/${name}`)),
  ];
};

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ name: `${method.toUpperCase()} ${path}`, ...one })),
  );

const examplesSchema = z.looseObject({ examples: z.array(z.unknown()).default([]) });

/** The examples of the shared schema. */
const schemaExamples = ({ $ref = '' }: { readonly $ref?: string | undefined }): readonly unknown[] => {
  const name = $ref.split('/').at(-1) ?? '';
  return examplesSchema.parse(document.components.schemas[name] ?? {}).examples;
};

/** Every media type of every request and response, except those whose contents vendors define. */
const contents = () =>
  operations()
    .filter(({ tags }) => !tags.includes('Webhooks'))
    .flatMap(({ name, requestBody, responses }) => [
      ...Object.entries(requestBody?.content ?? {}).map(([type, one]) => ({ name, type, ...one })),
      ...Object.entries(responses).flatMap(([status, { content }]) =>
        Object.entries(content ?? {}).map(([type, one]) => ({ name: `${name} ${status}`, type, ...one })),
      ),
    ])
    .filter(({ type }) => type.includes('json'));

describe('the reference', () => {
  it('describes every field of every request, response and event', () => {
    expect(undescribed({ ...document.paths, ...document.components, ...document.webhooks }, '')).toEqual([]);
  });

  it('describes every parameter', () => {
    const lacking = operations().flatMap(({ name, parameters }) =>
      parameters
        .filter(({ description, schema }) => description === undefined && schema.description === undefined)
        .map((one) => `${name} ${one.name}`),
    );
    expect(lacking).toEqual([]);
  });

  it('describes every shared schema', () => {
    const { schemas } = document.components;
    expect(Object.keys(schemas).filter((name) => schemas[name]?.['description'] === undefined)).toEqual([]);
  });

  it('names the schema of every request and every response', () => {
    expect(contents().filter(({ schema }) => schema.$ref === undefined)).toEqual([]);
  });

  it('has an example of every request and every response', () => {
    const lacking = contents().filter(
      ({ schema, example, examples }) =>
        example === undefined && examples === undefined && schemaExamples(schema).length === 0,
    );
    expect(lacking.map(({ name, schema }) => `${name}: ${schema.$ref}`)).toEqual([]);
  });

  it('has valid examples only', () => {
    const faults = contents().flatMap(({ name, schema, example, examples }) => {
      const values = [
        ...schemaExamples(schema),
        ...(example === undefined ? [] : [example]),
        ...Object.values(examples ?? {}).map(({ value }) => value),
      ];
      return values.flatMap((value) =>
        ajv.validate({ $ref: `openapi${schema.$ref}` }, value) ? [] : [`${name}: ${ajv.errorsText()}`],
      );
    });
    expect(faults).toEqual([]);
  });

  it('describes defaults of optional fields in words', () => {
    const lacking = Object.entries(document.components.schemas).flatMap(([name, schema]) =>
      Object.entries(objectSchema.safeParse(schema).data?.properties ?? {})
        .filter(([, field]) => 'default' in field && !/default/i.test(String(field['description'])))
        .map(([field]) => `${name}.${field}`),
    );
    expect(lacking).toEqual([]);
  });
});
