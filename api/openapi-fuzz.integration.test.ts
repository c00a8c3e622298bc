/**
 * Calls every operation of the OpenAPI document with valid and invalid parameters and bodies, generated from its
 * schemas. No response may be a 500, and every response must match the document. New routes are included automatically.
 * `npm run test:deep` makes more calls per operation. `fuzz.integration.test.ts` starts from valid requests instead.
 */
import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTestApi, performerConnection, type TestApi } from '../tests/harness/api.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../tests/harness/audition-trail.ts';
import { createTestDatabase } from '../tests/harness/database.ts';
import { atDepth, testSeed } from '../tests/harness/depth.ts';
import { actor } from '../tests/harness/endpoints.ts';
import { arbitraryOf, type Surroundings, schemaSchema } from '../tests/harness/json-schema-arbitrary.ts';
import { encoded, malformed, text } from '../tests/harness/malformed.ts';
import { noLimits } from '../tests/harness/no-limits.ts';
import { createContractCheck } from '../tests/harness/openapi-contract.ts';
import { newSecret } from './webhook-endpoints/endpoint.ts';

const methodSchema = z.enum(['get', 'post', 'put', 'patch', 'delete']);
const parameterSchema = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header', 'cookie']),
  required: z.boolean().default(false),
  schema: schemaSchema,
});
const operationSchema = z.object({
  parameters: z.array(parameterSchema).default([]),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: schemaSchema })) }).optional(),
});
const documentSchema = z.object({
  paths: z.record(z.string(), z.record(methodSchema, operationSchema.optional())),
  components: z.object({ schemas: z.record(z.string(), schemaSchema) }),
});
type Operation = z.infer<typeof operationSchema>;
type Parameter = z.infer<typeof parameterSchema>;

const runs = atDepth(20, 400);

/** The texts of the validator, which are written for developers of this service. */
const validatorTexts =
  /Invalid (?:input|string|option|key|element|value|ISO|base64|email|URL)|Unrecognized key|Too (?:small|big)|expected \w+, received|must match pattern/;

const database = await createTestDatabase();
const test: TestApi = await createTestApi(database, { limits: noLimits });
const { body: document } = await test.call('GET', '/openapi.json');
const { paths, components } = documentSchema.parse(document);
const violations = createContractCheck(document);

const id = newAuditionId();
const item = attentionItem(`att_${id}-1`);
let key: string;
beforeAll(async () => {
  key = await test.keyFor('admin');
  const facts = [...factsUntilScheduled(id, 'org_north'), { type: 'attention_raised', item } as const];
  await storeEvents(database.repositories.events, id, trail(facts));
  await database.repositories.connections.put(performerConnection);
  const url = 'https://hooks.example.com/';
  const secret = newSecret();
  await database.repositories.endpoints.create(
    { id: endpoint, organization: 'org_north', url, eventTypes: [], secret },
    actor,
  );
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const localTimes = ['2026-12-01T10:00', '2026-12-01T10:30', '2027-03-28T02:30', '2026-12-01T09:00:00Z'];
const durations = ['PT1H', 'PT5M', 'P2D', 'PT0S'];
const endpoint = 'endp_1';
const ids = [id, item.id, 'conn_1', endpoint, 'aud_nobody'];
/** Replaces patterns with lookahead, which the generator does not support. */
const policies = [
  'holdFor',
  'stepPatience',
  'meetingPatience',
  'attentionSla',
  'answerWithin',
  'decisionWithin',
  'noShowGrace',
  'checkInOpens',
  'sessionOverrun',
];
const around: Surroundings = {
  resolve: (ref) => components.schemas[ref.replace('#/components/schemas/', '')] ?? {},
  known: {
    id: ids,
    connection: ['conn_1', 'conn_2'],
    participant: ['performer-1', 'director-1'],
    zone: ['Europe/Paris', 'America/New_York', 'UTC'],
    earliest: localTimes,
    latest: localTimes,
    start: localTimes,
    end: localTimes,
    phone: ['+33612345678'],
    email: ['ada@example.com', '"ada l"@example.co.uk', 'ada@münchen.example'],
    locale: ['fr', 'en-GB'],
    reminders: [[], ['PT24H', 'PT1H']],
    ...Object.fromEntries(policies.map((name) => [name, durations])),
  },
};

/** Mostly valid values, otherwise arbitrary ones. */
const valueOf = ({ name, schema }: Parameter): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: arbitraryOf(schema, around).map(String) },
    { weight: 2, arbitrary: fc.constantFrom(...(around.known[name] ?? ids).map(String)) },
    { weight: 2, arbitrary: text },
  );

/** Values by parameter name. Optional parameters are omitted half of the time. */
const valuesOf = (parameters: readonly Parameter[]): fc.Arbitrary<Readonly<Record<string, string>>> =>
  fc.record(Object.fromEntries(parameters.map((parameter) => [parameter.name, valueOf(parameter)])), {
    requiredKeys: parameters.filter(({ required }) => required).map(({ name }) => name),
  });

const placed = (operation: Operation, place: Parameter['in']) =>
  valuesOf(operation.parameters.filter((parameter) => parameter.in === place));

/** Node refuses to send invalid header values. */
const sendable = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => /^[\t\x20-\x7e]*$/.test(value)));

const formOf = (body: unknown): string => {
  const fields = Object.entries(z.record(z.string(), z.unknown()).safeParse(body).data ?? {});
  return new URLSearchParams(
    Object.fromEntries(fields.map(([name, value]) => [name, String(value).toWellFormed()])),
  ).toString();
};

interface Content {
  readonly type: string;
  readonly payload: string;
}

const contentOf = ({ requestBody }: Operation): fc.Arbitrary<Content | undefined> => {
  const contents = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => {
    const good = arbitraryOf(schema, around);
    const body = fc.oneof(
      { weight: 3, arbitrary: good },
      { weight: 3, arbitrary: good.chain(malformed) },
      { weight: 1, arbitrary: fc.jsonValue() },
    );
    return body.map((value) => ({
      type,
      payload: type.includes('form') ? formOf(value) : (JSON.stringify(value) ?? ''),
    }));
  });
  const cutOff = fc
    .constantFrom('{', '', '[]', 'null', '"\\ud800"')
    .map((payload) => ({ type: 'application/json', payload }));
  return contents.length === 0
    ? fc.constant(undefined)
    : fc.oneof({ weight: 9, arbitrary: fc.oneof(...contents) }, { weight: 1, arbitrary: cutOff });
};

const requestsOf = (operation: Operation) =>
  fc.record({
    path: placed(operation, 'path'),
    query: placed(operation, 'query'),
    headers: placed(operation, 'header'),
    content: contentOf(operation),
  });

const addressOf = (
  path: string,
  values: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string>>,
): string => {
  const address = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => encoded(values[name] ?? ''));
  const search = Object.entries(query).map(([name, value]) => `${name}=${encoded(value)}`);
  return search.length === 0 ? address : `${address}?${search.join('&')}`;
};

const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, operation]) =>
    operation === undefined
      ? []
      : [
          {
            method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).parse(method.toUpperCase()),
            path,
            operation,
          },
        ],
  ),
);

describe('every operation of the OpenAPI document', () => {
  it.each(operations)(
    '$method $path returns documented responses only',
    { timeout: 600_000 },
    async ({ method, path, operation }) => {
      const property = fc.asyncProperty(
        requestsOf(operation),
        async ({ path: values, query, headers, content }) => {
          const address = addressOf(path, values, query);
          const answer = await test.call(method, address, {
            key,
            headers: {
              // A key on every request, so that the fuzzing reaches the code behind the key check.
              'idempotency-key': randomUUID(),
              ...sendable(headers),
              ...(content && { 'content-type': content.type }),
            },
            ...(content && { body: content.payload }),
          });
          const isFault = answer.status >= 500 || validatorTexts.test(answer.text);
          const faults = isFault ? [`${answer.status}: ${answer.text}`] : [];
          expect([...faults, ...violations(method, address, answer)]).toEqual([]);
        },
      );
      await fc.assert(property, { numRuns: runs, seed: testSeed });
    },
  );

  it('is included in the fuzzing', () => {
    expect(operations.length).toBeGreaterThan(20);
  });
});
