/**
 * Sends URLs, queries, headers and bodies with typical mistakes. Every request must get a response, no response may be a
 * 500, and every response must match the OpenAPI document. Uses the real database, which has its own limits on texts,
 * numbers and dates. `npm run test:deep` makes more runs.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ProviderError } from '../domain/errors.ts';
import { auditionRequest, createTestApi, performerConnection, type TestApi } from '../tests/harness/api.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { atDepth, testSeed } from '../tests/harness/depth.ts';
import { encoded, hostileTexts, malformed, text } from '../tests/harness/malformed.ts';
import { noLimits } from '../tests/harness/no-limits.ts';
import { createContractCheck } from '../tests/harness/openapi-contract.ts';

const rejects = () =>
  Promise.reject(new ProviderError('google', 'freebusy', { kind: 'rejected_input' }, { message: 'no' }));

let database: TestDatabase;
let test: TestApi;
let key: string;
let violations: ReturnType<typeof createContractCheck>;
const id = newAuditionId();
const item = attentionItem(`att_${id}_1`);
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database, { findBusy: rejects, limits: noLimits });
  key = await test.keyFor('admin');
  violations = createContractCheck((await test.call('GET', '/openapi.json')).body);
  const facts = [...factsUntilScheduled(id, 'org_north'), { type: 'attention_raised', item } as const];
  await storeEvents(database.repositories.events, id, trail(facts));
  await database.repositories.connections.put(performerConnection);
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const cursor = fc
  .oneof(
    fc
      .record({ at: fc.oneof(hostileTexts, fc.constant('2026-02-31T00:00:00.000Z')), id: text })
      .map((value) => JSON.stringify(value)),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    text,
  )
  .map((text) => Buffer.from(text).toString('base64url'));
const queryValue = fc.oneof(text, cursor, fc.constantFrom('true', '10', '2026-12-01T09:00:00Z', 'scheduled'));

const names = [
  'cursor',
  'limit',
  'state',
  'project',
  'role',
  'needsAttention',
  'scheduledFrom',
  'scheduledUntil',
];
const query = fc
  .array(
    fc.tuple(
      fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: text }),
      queryValue,
    ),
    { maxLength: 3 },
  )
  .map((pairs) => pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&'));

const pathPart = (good: string) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(good) }, { weight: 2, arbitrary: text.map(encoded) });

const slot = auditionRequest().slot;
const calendar = { provider: 'google', connection: 'conn_1', calendarId: 'primary' };
const bodies: Readonly<Record<string, unknown>> = {
  '/v1/auditions': auditionRequest({
    notes: 'Pages 3 to 5',
    reminders: ['PT24H'],
    policy: { stepPatience: 'PT5M', attentionSla: 'PT1H' },
    slot: { ...slot, room: 'Studio 2' },
  }),
  respond: { participant: 'performer-1', answer: 'accepted' },
  reschedule: { slot, reason: 'ill' },
  cancel: { reason: 'ill' },
  decide: { decision: 'callback', next: { slot, round: 'callback' } },
  'check-in': { participant: 'performer-1' },
  meeting: { provider: 'google_meet' },
  resolve: { action: 'override', value: { joinUrl: 'https://meet.example.com/1' } },
  '/v1/availability': {
    slot: { earliest: '2026-12-01T09:00', latest: '2026-12-01T18:00', durationMinutes: 30, zone: 'UTC' },
    participants: [
      { id: 'p', zone: 'Europe/Paris', quietHours: { from: '22:00', until: '07:00' }, calendar },
    ],
  },
  decode: { payloads: [{ metadata: { encoding: 'YmluYXJ5' }, data: 'AAAA' }] },
};

const headers = fc.record(
  {
    'idempotency-key': fc.oneof(fc.uuid(), fc.constantFrom('k', 'x'.repeat(300), 'two words')),
    'accept-language': fc.constantFrom('constructor', '__proto__', ';;;', 'fr-x', '*', 'x'.repeat(500)),
    'x-correlation-id': fc.constantFrom('__proto__', 'x'.repeat(500), ''),
  },
  { requiredKeys: ['idempotency-key'] },
);

const to = (pattern: string, of: string) =>
  pathPart(of).map((part) => ({ url: pattern.replace(':id', part), body: undefined }));
const withBody = (name: string, address: fc.Arbitrary<{ readonly url: string }>) =>
  fc.tuple(address, malformed(bodies[name])).map(([{ url }, body]) => ({ url, body }));

const gets = fc.oneof(
  ...['/v1/auditions', '/v1/attention', '/health/integrations'].map((url) =>
    fc.constant({ url, body: undefined }),
  ),
  to('/v1/auditions/:id', id),
  to('/v1/auditions/:id/events', id),
  to('/health/integrations/:id', 'zoom'),
  to('/respond/:id', 'a.b'),
  to('/:id', 'docs'),
);
const posts = fc.oneof(
  ...['/v1/auditions', '/v1/availability'].map((url) => withBody(url, fc.constant({ url }))),
  ...['respond', 'reschedule', 'cancel', 'decide', 'check-in', 'meeting'].map((name) =>
    withBody(name, to(`/v1/auditions/:id/${name}`, id)),
  ),
  withBody('resolve', to('/v1/attention/:id/resolve', item.id)),
  withBody('decode', to('/codec/:id', 'decode')),
  withBody('respond', to('/respond/:id', 'a.b')),
);

interface Sent {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body: unknown;
}

const request: fc.Arbitrary<Sent> = fc.oneof(
  gets.map((request) => ({ method: 'GET' as const, ...request })),
  posts.map((request) => ({ method: 'POST' as const, ...request })),
);

/** Returns what is wrong with the response to a request. */
const faultsOf = async (
  { method, url, body }: Sent,
  search: string,
  given: Record<string, string>,
): Promise<readonly string[]> => {
  const address = search === '' ? url : `${url}?${search}`;
  const answer = await test.call(method, address, {
    key,
    headers: given,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return [
    ...(answer.status >= 500 ? [`${answer.status}: ${answer.text}`] : []),
    ...(answer.headers['x-correlation-id'] === undefined ? ['no correlation id'] : []),
    ...violations(method, address, answer),
  ];
};

it('the API responds to every fuzzed request, never with a 500', { timeout: 600_000 }, async () => {
  const everything = fc.asyncProperty(request, query, headers, async (sent, search, given) => {
    expect(await faultsOf(sent, search, given)).toEqual([]);
  });
  await fc.assert(everything, { numRuns: atDepth(400, 20_000), seed: testSeed });
});
