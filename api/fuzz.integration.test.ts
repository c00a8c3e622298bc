/**
 * Whatever is sent, it is answered, never with a fault of ours, and as the OpenAPI document promises: addresses,
 * queries, headers and bodies full of what programs and people get wrong. On the real database, which has opinions of
 * its own on texts, numbers and dates. FUZZ_RUNS sets how often.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ProviderError } from '../domain/errors.ts';
import { auditionRequest, createTestApi, type TestApi } from '../tests/harness/api.ts';
import { attentionItem, newAuditionId, scheduledLife, trail } from '../tests/harness/audition-trail.ts';
import { contractOf } from '../tests/harness/contract.ts';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';

const rejects = () =>
  Promise.reject(new ProviderError('google', 'freebusy', { kind: 'rejected_input' }, { message: 'no' }));

let database: TestDatabase;
let test: TestApi;
let key: string;
let violations: ReturnType<typeof contractOf>;
const id = newAuditionId();
const item = attentionItem(`att_${id}_1`);
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database, { findBusy: rejects });
  key = await test.keyFor('admin');
  violations = contractOf((await test.call('GET', '/openapi.json')).body);
  const facts = [...scheduledLife(id, 'org_north'), { type: 'attention_raised', item } as const];
  await database.repositories.events.append(id, trail(facts));
  await database.repositories.connections.put({
    id: 'conn_1',
    organization: 'org_north',
    provider: 'google',
    account: 'performer@example.com',
    refreshToken: 'secret',
  });
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const nasty = fc.constantFrom(
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfffx',
  '\u202e',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  '-1',
  '1e309',
  '2147483648',
  '9007199254740993',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-14:00',
  '2026-02-31T10:00',
  '2026-12-01T24:00',
  '+275760-09-13T00:00:00Z',
  'P366D',
  'PT0S',
  'PT99999999999999999999H',
  'x'.repeat(600),
  "'; DROP TABLE auditions; --",
  '%00',
  '../../etc/passwd',
);
const text = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ maxLength: 20 }));

const cursor = fc
  .oneof(
    fc
      .record({ at: fc.oneof(nasty, fc.constant('2026-02-31T00:00:00.000Z')), id: text })
      .map((one) => JSON.stringify(one)),
    fc.jsonValue().map((one) => JSON.stringify(one)),
    text,
  )
  .map((one) => Buffer.from(one).toString('base64url'));
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

/** Also what no encoder writes: half an escape, bytes that are no UTF-8. */
const encoded = (value: string): string =>
  value === '%00' ? '%E0%A4%A' : encodeURIComponent(value.toWellFormed());

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
  resolve: { action: 'override', value: { joinUrl: 'https://meet.example.com/1' } },
  '/v1/availability': {
    slot: { earliest: '2026-12-01T09:00', latest: '2026-12-01T18:00', durationMinutes: 30, zone: 'UTC' },
    participants: [
      { id: 'p', zone: 'Europe/Paris', quietHours: { from: '22:00', until: '07:00' }, calendar },
    ],
  },
  decode: { payloads: [{ metadata: { encoding: 'YmluYXJ5' }, data: 'AAAA' }] },
};

type Path = readonly (string | number)[];
const pathsIn = (value: unknown, path: Path = []): readonly Path[] =>
  typeof value === 'object' && value !== null
    ? [path, ...Object.entries(value).flatMap(([name, part]) => pathsIn(part, [...path, name]))]
    : [path];

const replacedAt = (value: unknown, [step, ...rest]: Path, by: unknown): unknown => {
  if (step === undefined) return by;
  if (Array.isArray(value)) {
    return value.map((part: unknown, index) =>
      String(index) === String(step) ? replacedAt(part, rest, by) : part,
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, name === step ? replacedAt(part, rest, by) : part]),
  );
};

/** A good body with some parts replaced, or something else altogether. */
const spoilt = (good: unknown) =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .array(
          fc.tuple(
            fc.constantFrom(...pathsIn(good)),
            fc.oneof({ weight: 4, arbitrary: text }, fc.jsonValue()),
          ),
          {
            minLength: 1,
            maxLength: 2,
          },
        )
        .map((changes) => changes.reduce((body, [path, by]) => replacedAt(body, path, by), good)),
    },
    { weight: 1, arbitrary: fc.jsonValue() },
  );

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
  fc.tuple(address, spoilt(bodies[name])).map(([{ url }, body]) => ({ url, body }));

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
  ...['respond', 'reschedule', 'cancel', 'decide', 'check-in'].map((name) =>
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
  gets.map((one) => ({ method: 'GET' as const, ...one })),
  posts.map((one) => ({ method: 'POST' as const, ...one })),
);

/** What is wrong with the answer to it. */
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

it('answers everything, and nothing with a fault of ours', { timeout: 600_000 }, async () => {
  const everything = fc.asyncProperty(request, query, headers, async (sent, search, given) => {
    expect(await faultsOf(sent, search, given)).toEqual([]);
  });
  await fc.assert(everything, { numRuns: Number(process.env['FUZZ_RUNS'] ?? 1_000) });
});
