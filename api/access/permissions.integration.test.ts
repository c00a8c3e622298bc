/**
 * Every route of the running API by every way to knock at its door: without a key, with a wrong one, a revoked one, a
 * token of somebody else, each role of its own organization and each of a foreign one. A new route is in it by itself;
 * one that names a resource fails until the tables below say how to make one.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ApiRole, apiRoles } from '../../db/access/api-keys.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import {
  apiConfiguration,
  apiDependencies,
  auditionRequest,
  createFakeOrchestration,
  createTestApi,
  type TestApi,
} from '../../tests/harness/api.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { actor } from '../../tests/harness/endpoints.ts';
import { startTokenIssuer, type TokenIssuer } from '../../tests/harness/token-issuer.ts';
import { buildApi } from '../app.ts';
import { newSecret } from '../webhook-endpoints/endpoint.ts';
import { createTokenVerifier } from './jwt-verifier.ts';
import { permissions } from './permissions.ts';

const database: TestDatabase = await createTestDatabase();
const issuer: TokenIssuer = await startTokenIssuer();
const { repositories } = database;
/** With the routes that only a developer's machine has. */
const configuration = { ...apiConfiguration, environment: 'local' } as const;

const own: OrganizationId = 'org_north';
const foreign: OrganizationId = 'org_south';
/** So that what one may have only so many of never runs out. */
const newOrganization = (): OrganizationId => `org_${randomUUID()}`;

const routesOf = async (): Promise<readonly string[]> => {
  const routes: string[] = [];
  const auditionWorkflows = createFakeOrchestration(repositories.events);
  const api = await buildApi(
    apiDependencies({ repositories, auditionWorkflows, configuration }),
    (server) => {
      server.addHook('onRoute', ({ method, url }) => {
        routes.push(...[method].flat().map((one) => `${one} ${url}`));
      });
    },
  );
  await api.close();
  return routes.filter((route) => !/^(HEAD|OPTIONS) /.test(route));
};
const routes = await routesOf();

let test: TestApi;
beforeAll(async () => {
  const verifyToken = createTokenVerifier(issuer.settings, () => undefined);
  test = await createTestApi(database, { verifyToken, configuration });
});
afterAll(async () => {
  await test.api.close();
  issuer.close();
  await database.drop();
});

/** Makes one of the kind that is the owner's, and says its id: by the part of the path in front of it. */
const resources: Readonly<Record<string, (owner: OrganizationId) => Promise<string>>> = {
  '/v1/auditions/': async (owner) => {
    const id = newAuditionId();
    await repositories.events.append(id, trail(factsUntilScheduled(id, owner)));
    return id;
  },
  '/v1/attention/': async (owner) => {
    const id = newAuditionId();
    const item = attentionItem(`att_${id}-1`);
    const facts = [...factsUntilScheduled(id, owner), { type: 'attention_raised', item } as const];
    await repositories.events.append(id, trail(facts));
    return item.id;
  },
  '/v1/connections/': async (organization) => {
    const id = `conn_${randomUUID()}` as const;
    await repositories.connections.put({
      id,
      organization,
      provider: 'google',
      account: 'ann@example.com',
      refreshToken: 'sandbox-refresh-ann@example.com',
    });
    return id;
  },
  '/v1/webhook-endpoints/': async (organization) => {
    const id = `endp_${randomUUID()}` as const;
    const endpoint = {
      id,
      organization,
      url: 'https://hooks.example.com/',
      eventTypes: [],
      secret: newSecret(),
    };
    expect(await repositories.endpoints.create(endpoint, actor)).toBe(true);
    return id;
  },
};

/** Parts of a path that name nobody's property. */
const names: Readonly<Record<string, string>> = { ':provider': 'apple' };

const slot = auditionRequest().slot;
const bodies: Readonly<Record<string, unknown>> = {
  'POST /v1/auditions': auditionRequest(),
  'POST /v1/auditions/:id/respond': { participant: 'performer-1', answer: 'accepted' },
  'POST /v1/auditions/:id/reschedule': { slot },
  'POST /v1/auditions/:id/cancel': {},
  'POST /v1/auditions/:id/decide': { decision: 'booked' },
  'POST /v1/auditions/:id/check-in': { participant: 'performer-1' },
  'POST /v1/attention/:id/resolve': { action: 'retry' },
  'POST /v1/availability': {
    slot: { earliest: '2026-12-01T09:00', latest: '2026-12-01T18:00', durationMinutes: 30, zone: 'UTC' },
    participants: [{ id: 'performer-1', zone: 'UTC' }],
  },
  'POST /v1/webhook-endpoints': { url: 'https://hooks.example.com/' },
  'PATCH /v1/webhook-endpoints/:id': { status: 'disabled' },
  'POST /v1/webhook-endpoints/:id/rotate-secret': {},
  'POST /v1/webhook-endpoints/:id/replay': {
    from: '2026-11-01T00:00:00.000Z',
    until: '2026-11-02T00:00:00.000Z',
  },
  'POST /codec/encode': { payloads: [] },
  'POST /codec/decode': { payloads: [] },
};

const methodSchema = z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

const knock = async (route: string, credential: string | undefined, id = '') => {
  const [method, pattern = ''] = route.split(' ');
  const url = pattern.replace(':id', id).replaceAll(/:\w+/g, (name) => names[name] ?? name);
  return test.call(methodSchema.parse(method), url, {
    ...(credential === undefined ? {} : { key: credential }),
    ...(route in bodies ? { body: bodies[route] } : {}),
    headers: { 'idempotency-key': randomUUID() },
  });
};

const madeFor = async (route: string, owner: OrganizationId): Promise<string | undefined> => {
  const [, path = ''] = route.split(' ');
  const [before = '', after] = path.split(':id');
  if (after === undefined) return undefined;
  const make = resources[before];
  if (make) return make(owner);
  throw new Error(`${route} names a resource: say in \`resources\` how one is made`);
};

const guarded = routes.flatMap((route) => {
  const permission = permissions[route];
  return permission === undefined || permission === 'public' ? [] : [{ route, roles: permission }];
});

it('knows every route of the API, and the table of permissions names no other', () => {
  expect([...new Set(routes)].toSorted()).toEqual(Object.keys(permissions).toSorted());
});

const ways = {
  key: (role: ApiRole, organization: OrganizationId) => test.keyFor(role, organization),
  token: (role: ApiRole, organization: OrganizationId) => issuer.sign({ role, org: organization }),
} as const;
const wayNames = ['key', 'token'] as const;

const strangers: readonly (readonly [string, () => Promise<string | undefined> | undefined])[] = [
  ['without credentials', () => undefined],
  ['with a key that nobody was given', async () => 'cm_made-up'],
  [
    'with a key that was revoked',
    async () => {
      const { id, secret } = await repositories.apiKeys.create({
        organization: own,
        role: 'admin',
        label: 'lost',
      });
      await repositories.apiKeys.revoke(id);
      return secret;
    },
  ],
  ['with a token that has expired', () => issuer.sign({ role: 'admin', exp: 1 })],
  ['with a token of another issuer', () => issuer.sign({ role: 'admin', iss: 'https://login.example.org' })],
  ['with a token for another audience', () => issuer.sign({ role: 'admin', aud: 'elsewhere' })],
];

describe.each(strangers)('%s', (_how, credential) => {
  it.each(guarded)('$route stays shut', async ({ route }) => {
    const { status, body, headers } = await knock(
      route,
      await credential(),
      await madeFor(route, newOrganization()),
    );
    expect([status, body]).toMatchObject([401, { code: 'unauthenticated' }]);
    expect(headers['www-authenticate']).toMatch(/^Bearer /);
  });
});

const matrix = guarded.flatMap(({ route, roles }) =>
  apiRoles.flatMap((role) =>
    wayNames.map((way) => [route, role, way, roles.includes(role) ? 'may pass' : 'is forbidden'] as const),
  ),
);

const outcomes = { 403: /^forbidden$/, 404: /_not_found$/ };
const said = { 403: 'is forbidden', 404: 'finds nothing' } as const;
const refusalSchema = z.object({ status: z.literal([403, 404]), body: z.looseObject({ code: z.string() }) });

/** What became of it, in a word; the whole answer where it is none of what there may be. */
const outcomeOf = (answer: { readonly status: number; readonly body: unknown }) => {
  if (answer.status < 300) return 'may pass';
  const { status, body } = refusalSchema.safeParse(answer).data ?? {};
  return status && body && outcomes[status].test(body.code) ? said[status] : answer;
};

describe('of its own organization', () => {
  it.each(matrix)('%s as %s with a %s: %s', async (route, role, way, expected) => {
    const owner = newOrganization();
    const id = await madeFor(route, owner);
    expect(outcomeOf(await knock(route, await ways[way](role, owner), id))).toBe(expected);
  });
});

describe('of a foreign organization', () => {
  const named = matrix.filter(([route]) => route.includes(':id'));
  it.each(named)('%s as %s with a %s finds nothing there, or %s', async (route, role, way, expected) => {
    const owner = newOrganization();
    const id = await madeFor(route, owner);
    const asked = test.orchestration.receivedCommands.length;
    const answer = await knock(route, await ways[way](role, foreign), id);

    expect(outcomeOf(answer)).toBe(expected === 'may pass' ? 'finds nothing' : expected);
    expect(test.orchestration.receivedCommands).toHaveLength(asked);
    // Nor did it do anything: whoever it belongs to may still do the same.
    const [permitted] = guarded.find((one) => one.route === route)?.roles ?? [];
    expect(outcomeOf(await knock(route, await test.keyFor(permitted ?? 'admin', owner), id))).toBe(
      'may pass',
    );
  });

  it('no list shows anything of it', async () => {
    const ids: string[] = [];
    for (const make of Object.values(resources)) ids.push(await make(own));
    await repositories.administrativeActs.record({
      organization: own,
      by: 'desk of org_north',
      role: 'admin',
      act: 'key.created',
      target: 'key_of_org_north',
      correlationId: 'correlation-1',
    });
    const lists = guarded.map(({ route }) => route).filter((route) => /^GET [^:]+$/.test(route));
    expect(lists.length).toBeGreaterThan(0);
    for (const route of lists) {
      const mine = (await knock(route, await test.keyFor('admin', own))).text;
      const { status, text } = await knock(route, await test.keyFor('admin', 'org_east'));
      expect([route, status]).toEqual([route, 200]);
      const shown = [own, ...ids].filter((one) => text.includes(one));
      expect([route, shown]).toEqual([route, []]);
      // Or the list would be proof of nothing.
      const isProof = notLists.has(route) || [own, ...ids].some((one) => mine.includes(one));
      expect([route, isProof]).toEqual([route, true]);
    }
  });
});

/** What is read there is made for whoever asks. */
const notLists: ReadonlySet<string> = new Set(['GET /v1/connections/page']);

it('takes a key in X-Api-Key as well', async () => {
  const headers = { 'x-api-key': await test.keyFor('backend') };
  expect((await test.call('GET', '/v1/auditions', { headers })).status).toBe(200);
});

it('takes no key in the address, where it would be logged', async () => {
  const key = await test.keyFor('backend');
  expect((await test.call('GET', `/v1/auditions?access_token=${key}`)).status).toBe(401);
});
