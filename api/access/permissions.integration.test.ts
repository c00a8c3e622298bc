/**
 * Tests the access control of every route: without credentials, with invalid and revoked keys, with invalid tokens, and
 * with every role of the own and of another organization. New routes are included automatically. A new route with a
 * resource ID fails until the tables below define how to create the resource.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ApiRole, apiRoles } from '../../db/access/api-keys.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { defaultRecordingPolicy } from '../../domain/recordings/recording-policy.ts';
import { sessionBlockDefinitionSchema } from '../../domain/session-blocks/session-block.ts';
import { toInstant } from '../../domain/time/epoch.ts';
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
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { actor } from '../../tests/harness/endpoints.ts';
import { blockBody } from '../../tests/harness/session-blocks.ts';
import { startTokenIssuer, type TokenIssuer } from '../../tests/harness/token-issuer.ts';
import { buildApi } from '../app.ts';
import { newSecret } from '../webhook-endpoints/endpoint.ts';
import { createTokenVerifier } from './jwt-verifier.ts';
import { permissions } from './permissions.ts';

const database: TestDatabase = await createTestDatabase();
const issuer: TokenIssuer = await startTokenIssuer();
const { repositories } = database;
/** `local` adds the routes that exist only on a developer's machine. */
const configuration = { ...apiConfiguration, environment: 'local' } as const;

const own: OrganizationId = 'org_north';
const foreign: OrganizationId = 'org_south';
/** A new organization per test, so that no limit per organization is reached. */
const newOrganization = (): OrganizationId => `org_${randomUUID()}`;

const routesOf = async (): Promise<readonly string[]> => {
  const routes: string[] = [];
  const auditionWorkflows = createFakeOrchestration(repositories.events);
  const api = await buildApi(
    apiDependencies({ repositories, auditionWorkflows, configuration }),
    (server) => {
      server.addHook('onRoute', ({ method, url }) => {
        routes.push(...[method].flat().map((verb) => `${verb} ${url}`));
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
  test = await createTestApi(database, {
    verifyToken,
    configuration,
    listCalendars: async () => ({ kind: 'listed', provider: 'google', calendars: [] }),
    listRooms: async () => ({ kind: 'listed', rooms: [] }),
  });
});
afterAll(async () => {
  await test.api.close();
  issuer.close();
  await database.drop();
});

/** Creates a resource of the owner and returns its ID, by the path prefix of the resource. */
const resources: Readonly<Record<string, (owner: OrganizationId) => Promise<string>>> = {
  '/v1/auditions/': async (owner) => {
    const id = newAuditionId();
    await storeEvents(repositories.events, id, trail(factsUntilScheduled(id, owner)));
    return id;
  },
  '/v1/attention/': async (owner) => {
    const id = newAuditionId();
    const item = attentionItem(`att_${id}-1`);
    const facts = [...factsUntilScheduled(id, owner), { type: 'attention_raised', item } as const];
    await storeEvents(repositories.events, id, trail(facts));
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
  '/v1/recordings/': async (organization) => {
    const auditionId = newAuditionId();
    await storeEvents(repositories.events, auditionId, trail(factsUntilScheduled(auditionId, organization)));
    const id = `rec_${randomUUID()}` as const;
    await repositories.recordings.putFound({
      id,
      organization,
      auditionId,
      provider: 'zoom',
      meetingId: '81234567890',
      instance: id,
      correlationId: 'correlation-1',
      files: [{ id: 'f1', kind: 'video', format: 'mp4', size: 10, isReady: true }],
    });
    await repositories.recordings.markFileStored(
      { recording: id, file: 'f1' },
      { storageKey: `${organization}/${id}/f1.mp4`, size: 10, sha256: 'f'.repeat(64) },
    );
    const at = toInstant(Date.now());
    await repositories.recordings.markStored(id, { at, retainUntil: '2099-01-01T00:00:00.000Z' });
    return id;
  },
  '/v1/session-blocks/': async (organization) => {
    const id = `blk_${randomUUID()}` as const;
    const definition = sessionBlockDefinitionSchema.parse(blockBody());
    await repositories.sessionBlocks.create({ id, organization, definition }, actor);
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

/** An audition whose performers are admitted in turn. */
const createWaitingAudition = async (owner: OrganizationId): Promise<string> => {
  const id = newAuditionId();
  const joinLinks = { opensBefore: 60_000, closesAfter: 60_000, admission: 'in_turn' } as const;
  const facts = factsUntilScheduled(id, owner).map((fact) =>
    fact.type === 'requested' ? { ...fact, joinLinks } : fact,
  );
  await storeEvents(repositories.events, id, trail(facts));
  return id;
};

/** Routes that need the resource in another state than the other routes of its path. */
const resourcesOfRoutes: Readonly<Record<string, (owner: OrganizationId) => Promise<string>>> = {
  'GET /v1/auditions/:id/waiting-list': createWaitingAudition,
  'POST /v1/auditions/:id/admissions': createWaitingAudition,
  'DELETE /v1/auditions/:id/join-links/:link': async (owner) => {
    const id = newAuditionId();
    await storeEvents(repositories.events, id, trail(factsUntilScheduled(id, owner)));
    await database.pool.query("DELETE FROM join_links WHERE id = 'AnyLink'");
    await repositories.joinLinks.issue([{ organization: owner, auditionId: id }], { of: () => 'AnyLink' });
    return id;
  },
  'POST /v1/auditions/:id/reopen': async (owner) => {
    const id = newAuditionId();
    const facts = [...factsUntilScheduled(id, owner), { type: 'cancelled', origin: 'api' } as const];
    await storeEvents(repositories.events, id, trail(facts));
    return id;
  },
};

/** Values of path parameters that are not resources of an organization. */
const names: Readonly<Record<string, string>> = {
  ':provider': 'apple',
  ':participant': 'reader-1',
  ':link': 'AnyLink',
  ':at': '2026-12-03T10:00',
};

/** Queries that a route requires. */
const queries: Readonly<Record<string, string>> = {
  'GET /v1/session-blocks/:id/waiting-list': '?date=2026-12-03',
};

const slot = auditionRequest().slot;
const reader = { ...auditionRequest().participants[1], id: 'reader-1', kind: 'reader' };
const bodies: Readonly<Record<string, unknown>> = {
  'POST /v1/auditions': auditionRequest(),
  'POST /v1/auditions/:id/respond': { participant: 'performer-1', answer: 'accepted' },
  'POST /v1/auditions/:id/reschedule': { slot },
  'POST /v1/auditions/:id/cancel': {},
  'POST /v1/auditions/:id/decide': { decision: 'booked' },
  'POST /v1/auditions/:id/check-in': { participant: 'performer-1' },
  'POST /v1/auditions/:id/reopen': { to: 'session' },
  'POST /v1/auditions/:id/admissions': {},
  'POST /v1/auditions/:id/participants': reader,
  'PUT /v1/auditions/:id/participants/:participant': reader,
  'POST /v1/auditions/:id/consents': { participant: 'performer-1', consent: 'given' },
  'PUT /v1/auditions/:id/legal-hold': { reason: 'a dispute' },
  'POST /v1/recordings/:id/links': {},
  'PUT /v1/recordings/:id/legal-hold': { reason: 'a dispute' },
  'PUT /v1/recording-policy': defaultRecordingPolicy,
  'PUT /v1/recording-policy/legal-hold': { reason: 'a dispute' },
  'POST /v1/attention/:id/resolve': { action: 'retry' },
  'POST /v1/attention/resolve': { step: 'meeting', action: 'retry' },
  'POST /v1/availability': {
    slot: { earliest: '2026-12-01T09:00', latest: '2026-12-01T18:00', durationMinutes: 30, zone: 'UTC' },
    participants: [{ id: 'performer-1', zone: 'UTC' }],
  },
  'PUT /v1/connections/:id/calendars': { busy: [] },
  'POST /v1/session-blocks': blockBody(),
  'PUT /v1/session-blocks/:id': blockBody({ room: 'Studio 5' }),
  'PUT /v1/session-blocks/:id/sessions/:at': { status: 'cancelled' },
  'POST /v1/session-blocks/:id/split': { from: '2026-12-03T10:00', following: blockBody() },
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

const callRoute = async (route: string, credential: string | undefined, id = '') => {
  const [method, pattern = ''] = route.split(' ');
  const url = pattern.replace(':id', id).replaceAll(/:\w+/g, (name) => names[name] ?? name);
  return test.call(methodSchema.parse(method), `${url}${queries[route] ?? ''}`, {
    ...(credential === undefined ? {} : { key: credential }),
    ...(route in bodies ? { body: bodies[route] } : {}),
    headers: { 'idempotency-key': randomUUID(), 'if-match': '*' },
  });
};

const createResourceFor = async (route: string, owner: OrganizationId): Promise<string | undefined> => {
  const [, path = ''] = route.split(' ');
  const [before = '', after] = path.split(':id');
  if (after === undefined) return undefined;
  const make = resourcesOfRoutes[route] ?? resources[before];
  if (make) return make(owner);
  throw new Error(`${route} contains a resource ID: add a factory for the resource to \`resources\``);
};

const guarded = routes.flatMap((route) => {
  const permission = permissions[route];
  return permission === undefined || permission === 'public' ? [] : [{ route, roles: permission }];
});

it('the table of permissions contains exactly the routes of the API', () => {
  expect([...new Set(routes)].toSorted()).toEqual(Object.keys(permissions).toSorted());
});

const credentials = {
  key: (role: ApiRole, organization: OrganizationId) => test.keyFor(role, organization),
  token: (role: ApiRole, organization: OrganizationId) => issuer.sign({ role, org: organization }),
} as const;
const credentialKinds = ['key', 'token'] as const;

const strangers: readonly (readonly [string, () => Promise<string | undefined> | undefined])[] = [
  ['without credentials', () => undefined],
  ['with an unknown key', async () => 'cm_made-up'],
  [
    'with a revoked key',
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
  ['with an expired token', () => issuer.sign({ role: 'admin', exp: 1 })],
  [
    'with a token from another issuer',
    () => issuer.sign({ role: 'admin', iss: 'https://login.example.org' }),
  ],
  ['with a token for another audience', () => issuer.sign({ role: 'admin', aud: 'elsewhere' })],
];

describe.each(strangers)('%s', (_case, credential) => {
  it.each(guarded)('$route returns 401', async ({ route }) => {
    const { status, body, headers } = await callRoute(
      route,
      await credential(),
      await createResourceFor(route, newOrganization()),
    );
    expect([status, body]).toMatchObject([401, { code: 'unauthenticated' }]);
    expect(headers['www-authenticate']).toMatch(/^Bearer /);
  });
});

const matrix = guarded.flatMap(({ route, roles }) =>
  apiRoles.flatMap((role) =>
    credentialKinds.map(
      (kind) => [route, role, kind, roles.includes(role) ? 'is permitted' : 'is forbidden'] as const,
    ),
  ),
);

const outcomes = { 403: /^forbidden$/, 404: /_not_found$/ };
const outcomeNames = { 403: 'is forbidden', 404: 'is not found' } as const;
const refusalSchema = z.object({ status: z.literal([403, 404]), body: z.looseObject({ code: z.string() }) });

/** Returns the name of the outcome; the whole response when it is unexpected. */
const outcomeOf = (response: { readonly status: number; readonly body: unknown }) => {
  if (response.status < 300) return 'is permitted';
  const { status, body } = refusalSchema.safeParse(response).data ?? {};
  return status && body && outcomes[status].test(body.code) ? outcomeNames[status] : response;
};

describe('in the own organization', () => {
  it.each(matrix)('%s as %s with a %s %s', async (route, role, kind, expected) => {
    const owner = newOrganization();
    await repositories.organizations.put({ id: owner, name: owner, meetingProviders: [] });
    const id = await createResourceFor(route, owner);
    expect(outcomeOf(await callRoute(route, await credentials[kind](role, owner), id))).toBe(expected);
  });
});

describe('in another organization', () => {
  const named = matrix.filter(([route]) => route.includes(':id'));
  it.each(named)('%s as %s with a %s is not found, or %s', async (route, role, kind, expected) => {
    const owner = newOrganization();
    const id = await createResourceFor(route, owner);
    const commandCount = test.orchestration.receivedCommands.length;
    const response = await callRoute(route, await credentials[kind](role, foreign), id);

    expect(outcomeOf(response)).toBe(expected === 'is permitted' ? 'is not found' : expected);
    expect(test.orchestration.receivedCommands).toHaveLength(commandCount);
    // The request had no effect: the owner can still do the same.
    const [permitted] = guarded.find((guard) => guard.route === route)?.roles ?? [];
    expect(outcomeOf(await callRoute(route, await test.keyFor(permitted ?? 'admin', owner), id))).toBe(
      'is permitted',
    );
  });

  it('lists contain nothing of the first organization', async () => {
    const ids: string[] = [];
    for (const make of Object.values(resources)) ids.push(await make(own));
    await repositories.administrativeActs.record({
      organization: own,
      by: 'admin of org_north',
      role: 'admin',
      act: 'key.created',
      target: 'key_of_org_north',
      correlationId: 'correlation-1',
    });
    const lists = guarded.map(({ route }) => route).filter((route) => /^GET [^:]+$/.test(route));
    expect(lists.length).toBeGreaterThan(0);
    for (const route of lists) {
      const ownText = (await callRoute(route, await test.keyFor('admin', own))).text;
      const { status, text } = await callRoute(route, await test.keyFor('admin', 'org_east'));
      expect([route, status]).toEqual([route, 200]);
      const shown = [own, ...ids].filter((id) => text.includes(id));
      expect([route, shown]).toEqual([route, []]);
      // Otherwise an empty list would prove nothing.
      const isProof = notLists.has(route) || [own, ...ids].some((id) => ownText.includes(id));
      expect([route, isProof]).toEqual([route, true]);
    }
  });
});

/** Routes that create their response for the caller and list nothing. */
const notLists: ReadonlySet<string> = new Set([
  'GET /v1/connections/page',
  'GET /v1/organization/budgets',
  'GET /v1/recording-policy',
]);

it('the API accepts a key in X-Api-Key', async () => {
  const headers = { 'x-api-key': await test.keyFor('backend') };
  expect((await test.call('GET', '/v1/auditions', { headers })).status).toBe(200);
});

it('the API accepts no key in the URL, where it would be logged', async () => {
  const key = await test.keyFor('backend');
  expect((await test.call('GET', `/v1/auditions?access_token=${key}`)).status).toBe(401);
});
