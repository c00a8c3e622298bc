/**
 * Tests that the schemas of the OpenAPI document are as strict as the code: schemathesis and generated clients believe them.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canonicalEmail } from '../domain/audition/email-address.ts';
import { generateOpenApi } from '../tests/harness/openapi-document.ts';

let text: string;
let isValid: (pointer: string, value: unknown) => boolean;
beforeAll(async () => {
  text = await generateOpenApi();
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'openapi', ...z.looseObject({}).parse(JSON.parse(text)) });
  isValid = (pointer, value) => ajv.validate({ $ref: `openapi#${encodeURI(pointer)}` }, value);
});

const body = (path: string, method: string) =>
  `/paths/${path.replaceAll('/', '~1')}/${method}/requestBody/content/application~1json/schema`;
const parameter = (path: string, method: string, index: number) =>
  `/paths/${path.replaceAll('/', '~1')}/${method}/parameters/${index}/schema`;

const slot = (start: string) => ({ slot: { start, end: '2026-12-01T10:30', zone: 'Europe/Paris' } });
const waiting = (waitFor: string) => ({
  ...slot('2026-12-01T10:00'),
  conflicts: { policy: 'wait', waitFor },
});
const reschedule = body('/v1/auditions/{id}/reschedule', 'post');
const newEndpoint = body('/v1/webhook-endpoints', 'post');
const secret = (bytes: number) => ({
  url: 'https://a.example',
  secret: `whsec_${Buffer.alloc(bytes).toString('base64')}`,
});

const bodySchema = z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.unknown() })) });
const pathsSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ requestBody: bodySchema.optional() }))),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});
const objectSchema = z.looseObject({
  $ref: z.string().optional(),
  type: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).default([]),
  oneOf: z.array(z.unknown()).default([]),
  allOf: z.array(z.unknown()).default([]),
});

/** Returns the places of the objects in a schema that ignore unknown fields. */
const openObjects = (
  part: unknown,
  place: string,
  shared: Readonly<Record<string, unknown>>,
): readonly string[] => {
  const schema = objectSchema.parse(part);
  if (schema.$ref !== undefined) {
    return openObjects(shared[schema.$ref.split('/').at(-1) ?? ''], place, shared);
  }
  const { properties, additionalProperties, items, anyOf, oneOf, allOf } = schema;
  const isClosed = additionalProperties === false || typeof additionalProperties === 'object';
  return [
    ...(schema.type === 'object' && !isClosed ? [place] : []),
    ...Object.entries(properties).flatMap(([name, one]) => openObjects(one, `${place}.${name}`, shared)),
    ...[items, additionalProperties, ...anyOf, ...oneOf, ...allOf]
      .filter((one) => typeof one === 'object')
      .flatMap((one) => openObjects(one, `${place}[]`, shared)),
  ];
};

/** Their bodies are defined by others, who can add fields: vendors that send webhooks, and Temporal's payload codecs. */
const isDefinedByOthers = (path: string): boolean =>
  path.startsWith('/v1/webhooks/') || path.startsWith('/codec/');

const reader = (email: string) => ({
  id: 'rita',
  kind: 'reader',
  name: 'Rita',
  zone: 'Europe/Paris',
  channels: ['email'],
  email,
});

const national = (phoneRegion: string) => ({
  ...reader('rita@example.com'),
  phone: '06 12 34 56 78',
  phoneRegion,
});
const speaking = (locale: string) => ({ ...reader('rita@example.com'), locale });
const newParticipant = body('/v1/auditions/{id}/participants', 'post');
const ownLimits = body('/v1/organization/budgets', 'put');
const callback = '/v1/connections/{provider}/callback';

describe('a schema of the OpenAPI document', () => {
  it.each([
    ['an id', parameter('/v1/auditions/{id}', 'get', 0), 'aud_1', 'aud_'],
    ['an id with other characters', parameter('/v1/connections/{id}', 'delete', 0), 'conn_a-b', 'conn_ä'],
    ['a day', reschedule, slot('2028-02-29T10:00'), slot('2027-02-29T10:00')],
    ['a time', reschedule, slot('2026-12-01T23:59'), slot('2026-12-01T25:00')],
    ['an offset', reschedule, slot('2026-12-01T10:00+14:00'), slot('2026-12-01T10:00+15:00')],
    ['a duration', reschedule, waiting('P1DT2H'), waiting('P')],
    ['a duration with an empty time', reschedule, waiting('PT2H'), waiting('P1DT')],
    ['the country of a phone number', newParticipant, national('FR'), national('AA')],
    ['a locale', newParticipant, speaking('fr-CA'), speaking('en-x1-x1')],
    ['a country of text messages', ownLimits, { smsCountries: ['FR'] }, { smsCountries: ['AA'] }],
    ['the address of an endpoint', newEndpoint, { url: 'https://a.example/?b=c' }, { url: 'a.example' }],
    ['an authorization code', parameter(callback, 'get', 1), '4/0AX-b_c.d', '4/ä'],
    ['a short secret', newEndpoint, secret(24), secret(23)],
    ['a long secret', newEndpoint, secret(64), secret(65)],
  ])('accepts and refuses %s as the code does', (_case, pointer, good, bad) => {
    expect([isValid(pointer, good), isValid(pointer, bad)]).toEqual([true, false]);
  });

  it('accepts and refuses an email address as the code does', () => {
    const pointer = body('/v1/auditions/{id}/participants', 'post');
    const accepted = [
      'rita@example.com',
      '"two words"@exämple.com',
      'rita@例え。みんな',
      'rita@xn--e1afmkfd.xn--p1ai',
      "o'hara+x@example.co.uk",
      'josé@example.com',
      'jose\u0301@example.com',
      '用户.名@例え.みんな',
      '"josé garcía"@example.com',
    ];
    const refused = [
      '',
      'rita',
      'rita@',
      '@example.com',
      'two words@example.com',
      '0@0',
      'rita@-example.com',
      'rita@example-.com',
      'rita@example.42',
      'rita@exa_mple.com',
      'ri\u202eta@example.com',
      'ri\u00a0ta@example.com',
      'ri\u200bta@example.com',
      'jos\ufffd@example.com',
      'é..b@example.com',
    ];
    expect(refused.filter((email) => canonicalEmail(email) !== undefined)).toEqual([]);
    expect(accepted.filter((email) => canonicalEmail(email) === undefined)).toEqual([]);
    expect(accepted.filter((email) => !isValid(pointer, reader(email)))).toEqual([]);
    expect(refused.filter((email) => isValid(pointer, reader(email)))).toEqual([]);
  });

  it('has patterns that generators of other languages can read: no surrogates, no lookaround, no properties', () => {
    const patterns = [...text.matchAll(/"pattern": "((?:[^"\\]|\\.)*)"/g)].map(([, pattern]) => pattern);
    expect(patterns.filter((pattern) => /\\ud[89a-f]|\(\?[=!<]|\\p\{/i.test(pattern ?? ''))).toEqual([]);
  });

  it('requires a body exactly where the code does', () => {
    const operation = z.looseObject({ requestBody: z.looseObject({ required: z.boolean() }).optional() });
    const { paths } = z
      .looseObject({ paths: z.record(z.string(), z.record(z.string(), operation)) })
      .parse(JSON.parse(text));
    expect(paths['/codec/decode']?.['post']?.requestBody?.required).toBe(false);
    expect(paths['/v1/auditions/{id}/cancel']?.['post']?.requestBody?.required).toBe(false);
    expect(paths['/v1/auditions']?.['post']?.requestBody?.required).toBe(true);
    expect(paths['/v1/auditions/{id}/decide']?.['post']?.requestBody?.required).toBe(true);
  });

  it('refuses unknown fields in every object of every request body', () => {
    const { paths, components } = pathsSchema.parse(JSON.parse(text));
    const bodies = Object.entries(paths)
      .filter(([path]) => !isDefinedByOthers(path))
      .flatMap(([path, methods]) =>
        Object.entries(methods).flatMap(([method, { requestBody }]) =>
          Object.values(requestBody?.content ?? {}).map(({ schema }) => ({
            name: `${method.toUpperCase()} ${path}`,
            schema,
          })),
        ),
      );
    expect(bodies.length).toBeGreaterThan(25);
    expect(bodies.flatMap(({ name, schema }) => openObjects(schema, name, components.schemas))).toEqual([]);
  });

  it('requires the version where a change without it is refused', () => {
    const parameters = z.looseObject({
      parameters: z.array(z.looseObject({ name: z.string(), required: z.boolean().optional() })).default([]),
    });
    const { paths } = z
      .looseObject({ paths: z.record(z.string(), z.record(z.string(), parameters)) })
      .parse(JSON.parse(text));
    const required = ['put', 'delete'].map(
      (method) =>
        paths['/v1/session-blocks/{id}']?.[method]?.parameters.find(({ name }) => name === 'if-match')
          ?.required,
    );
    expect(required).toEqual([true, true]);
  });

  it('of every operation has the responses of the server itself: 408, 417 and 431', () => {
    const { paths } = z
      .looseObject({
        paths: z.record(z.string(), z.record(z.string(), z.looseObject({ responses: z.looseObject({}) }))),
      })
      .parse(JSON.parse(text));
    const lacking = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        ['408', '417', '431'].every((status) => status in responses) ? [] : [`${method} ${path}`],
      ),
    );
    expect(lacking).toEqual([]);
  });
});
