/** Tests that the OpenAPI document is complete and equals the committed one. */
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { generateOpenApi } from '../tests/harness/openapi-document.ts';
import { permissions } from './access/permissions.ts';

const operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  responses: z.record(
    z.string(),
    z.union([z.looseObject({ description: z.string() }), z.strictObject({ $ref: z.string() })]),
  ),
  security: z.array(z.unknown()).optional(),
});
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operation)),
});

let text: string;
beforeAll(async () => {
  text = await generateOpenApi();
});

const operations = () =>
  Object.entries(documentSchema.parse(JSON.parse(text)).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({
      route: `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      ...one,
    })),
  );

describe('the OpenAPI document', () => {
  it('equals docs/openapi.json (regenerate it with: npm run docs:openapi)', async () => {
    await expect(text).toMatchFileSnapshot('../docs/openapi.json');
  });

  it('describes every route except the pages', () => {
    const described = new Set(operations().map(({ route }) => route));
    const missing = Object.keys(permissions).filter((route) => !described.has(route));
    expect(missing).toEqual([
      'GET /connections/:token',
      'POST /connections/:token/connect',
      'POST /connections/:token/apple',
      'POST /connections/:token/feed',
      'GET /connections/:token/calendars/:connection',
      'POST /connections/:token/calendars',
      'POST /connections/:token/disconnect',
      'GET /j/:link',
      'POST /j/:link',
      'GET /r/:link',
      'POST /r/:link',
      'GET /respond/:token',
      'POST /respond/:token',
      'POST /codec/:key/encode',
      'POST /codec/:key/decode',
      'GET /openapi.json',
      'GET /docs',
      'GET /docs/',
      'GET /docs/js/scalar.js',
      'GET /favicon.ico',
    ]);
  });

  it('declares 401 and 403 for every guarded route, and no security for every public route', () => {
    const [open, guarded] = [true, false].map((isPublic) =>
      operations().filter(({ route }) => (permissions[route] === 'public') === isPublic),
    );
    expect(open?.filter(({ security }) => security?.length !== 0)).toEqual([]);
    expect(guarded?.filter(({ responses }) => !('401' in responses && '403' in responses))).toEqual([]);
  });

  it('has a unique ID for every operation', () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refers only to schemas that it contains', () => {
    const referred = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    const { components } = z
      .looseObject({ components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }) })
      .parse(JSON.parse(text));
    expect(new Set(referred)).toEqual(new Set(Object.keys(components.schemas)));
  });

  it('limits each list in a request for an audition', () => {
    const schemas = z.looseObject({ AuditionRequestInput: z.looseObject({}) });
    const { components } = z.looseObject({ components: z.looseObject({ schemas }) }).parse(JSON.parse(text));
    expect(unlimitedLists(components.schemas.AuditionRequestInput, 'AuditionRequestInput')).toEqual([]);
  });
});

/** Returns the places of lists without `maxItems`. */
const unlimitedLists = (schema: unknown, place: string): readonly string[] => {
  const parts = z.record(z.string(), z.unknown()).safeParse(schema);
  if (!parts.success) return [];
  const { type, maxItems } = parts.data;
  return [
    ...(type === 'array' && maxItems === undefined ? [place] : []),
    ...Object.entries(parts.data).flatMap(([name, part]) => unlimitedLists(part, `${place}.${name}`)),
  ];
};
