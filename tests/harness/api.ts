/**
 * Runs the real API on a real database, with an in-memory fake in place of Temporal. For tests of what the API itself
 * decides; what the workflow decides is tested end to end.
 */
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { buildApi } from '../../api/app.ts';
import type { AuditionUpdateMessage, AuditionWorkflows } from '../../api/auditions/audition-workflows.ts';
import { createJoinAddresses } from '../../api/auditions/join-addresses.ts';
import type { ApiDependencies } from '../../api/dependencies.ts';
import type { ApiRole } from '../../db/access/api-keys.ts';
import type { EventStore } from '../../db/trail/event-store.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import { createConnectionLinks } from '../../foundation/links/connection-link.ts';
import { createFeedLinks, createSessionFeedLinks } from '../../foundation/links/feed-link.ts';
import { createJoinLinkIds } from '../../foundation/links/join-link.ts';
import { createRecordingLinks } from '../../foundation/links/recording-link.ts';
import { createResponseLinkIds, createResponseLinks } from '../../foundation/links/response-link.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { calendarName } from '../../providers/calendar-names.ts';
import { parseWebAddress } from '../../providers/outbound/early-check.ts';
import type { ReopenCommand } from '../../workflows/audition/messages.ts';
import { auditionPlan, performer } from './audition-plan.ts';
import { storeEvents, trail } from './audition-trail.ts';
import type { TestDatabase } from './database.ts';
import { localDefaults } from './local-defaults.ts';

export const masterKeys = [{ id: 'test', key: randomBytes(32) }];
export const responseLinks = createResponseLinks(masterKeys);
export const joinLinkIds = createJoinLinkIds(masterKeys);
export const responseLinkIds = createResponseLinkIds(masterKeys);
const feedLinks = createFeedLinks(masterKeys);
export const recordingLinks = createRecordingLinks(masterKeys);
const sessionFeedLinks = createSessionFeedLinks(masterKeys);
export const connectionLinks = createConnectionLinks(masterKeys);

/** The clock of the API in tests. */
const now = '2026-11-24T09:00:00.000Z';

const silent = createLogger({ level: 'silent', process: 'test' }, new Writable());
const healthy = async () => {};

export const apiConfiguration: ApiDependencies['configuration'] = {
  environment: 'test',
  publicUrl: 'https://auditions.example.com',
  masterKeys,
  trustedProxies: [],
  messageLimits: { sms: 1_000, email: 1_000, smsCountries: 'any' },
  platformOrigins: ['https://app.example.com'],
  twilio: {
    apiUrl: localDefaults.TWILIO_API_URL,
    accountSid: localDefaults.TWILIO_ACCOUNT_SID,
    authToken: localDefaults.TWILIO_AUTH_TOKEN,
    messagingServiceSid: localDefaults.TWILIO_MESSAGING_SERVICE_SID,
  },
  zoom: { webhookSecrets: [localDefaults.ZOOM_WEBHOOK_SECRET] },
  smtp: { webhookSecrets: [localDefaults.MAIL_WEBHOOK_SECRET] },
};

/** No provider can be connected. The tests of connecting pass their own authorizers. */
const noAuthorizers: ApiDependencies['authorizers'] = {
  oauth: { google: undefined, microsoft: undefined, zoom: undefined },
  apple: {
    provider: 'apple',
    serverOwner: () => 'icloud.com',
    connect: () => Promise.reject(new Error('these tests connect no Apple account; pass authorizers')),
  },
  ics: {
    provider: 'ics',
    connect: () => Promise.reject(new Error('these tests connect no calendar feed; pass authorizers')),
  },
};

/** Returns dependencies of the API that need neither a database nor Temporal; `given` replaces single ones. */
export const apiDependencies = (
  given: Pick<ApiDependencies, 'repositories' | 'auditionWorkflows'> & Partial<ApiDependencies>,
): ApiDependencies => ({
  configuration: apiConfiguration,
  responseLinks,
  joinLinkIds,
  joinAddresses: createJoinAddresses({
    joinLinks: given.repositories.joinLinks,
    ids: joinLinkIds,
    publicUrl: apiConfiguration.publicUrl,
  }),
  feedLinks,
  sessionFeedLinks,
  recordingLinks,
  recordingWorkflows: { resolve: async () => 'signaled' },
  personWorkflows: { isRunning: async () => false, terminate: async () => {} },
  storage: { read: () => Promise.reject(new Error('these tests read no files; pass a storage')) },
  connectionLinks,
  authorizers: noAuthorizers,
  watchEnding: { end: async () => {}, abandon: async () => {} },
  findBusy: async () => [],
  findRoomBusy: async () => [],
  listRooms: async () => ({ kind: 'not_offered' }),
  listCalendars: async () => ({ kind: 'not_offered' }),
  nameCalendar: async (organization, { provider, connection: id, calendarId }) => {
    const stored = await given.repositories.connections.get(organization, id);
    return [calendarName(provider, stored ?? { id, account: undefined }, calendarId)];
  },
  // Checks the URL as the service does, but does not resolve its host name.
  assertUrlAllowed: async (url) => void parseWebAddress(url),
  deliveryWorkflows: {
    startReplay: async ({ endpoint }) => `event-replay/${endpoint}`,
    deliverNotice: async () => ({ kind: 'accepted', answer: '200' }),
  },
  integrations: { google: healthy, zoom: healthy, twilio: healthy, smtp: healthy, storage: healthy },
  checks: { database: healthy, temporal: healthy },
  isDraining: () => false,
  webUiOrigins: ['http://web-ui.example.com'],
  logger: silent,
  now: () => now,
  ...given,
});

/** Returns the facts of a new audition whose slot was held, or refused. */
export const startFacts = (plan: AuditionPlan, refusal?: 'taken'): readonly AuditionFact[] => {
  const slot =
    plan.wish.kind === 'fixed'
      ? plan.wish.slot
      : { start: plan.wish.earliest, end: plan.wish.latest, zone: plan.wish.zone };
  return [
    {
      type: 'requested',
      auditionId: plan.id,
      organization: plan.organization,
      project: plan.project.id,
      role: plan.role.id,
      round: plan.round,
      participants: plan.participants.map(({ id, kind, zone, required }) => ({ id, kind, zone, required })),
    },
    { type: 'holding_started' },
    refusal
      ? { type: 'slot_refused', reason: refusal }
      : { type: 'slot_held', slot, revision: 1, until: slot.end },
  ];
};

export interface FakeOrchestration extends AuditionWorkflows {
  /** The plans of the auditions that were created; a start that joins an existing audition adds none. */
  readonly started: readonly AuditionPlan[];
  readonly receivedCommands: readonly {
    readonly id: AuditionId;
    readonly message: AuditionUpdateMessage;
    readonly updateId: string;
  }[];
  readonly reopened: readonly {
    readonly plan: AuditionPlan;
    readonly command: ReopenCommand;
    readonly updateId: string;
  }[];
  /** Replaces single operations from now on; a replacement can throw. */
  override(parts: Partial<AuditionWorkflows>): void;
}

/**
 * Creates a fake that holds every slot, and accepts every command without doing anything. The plan of each audition has
 * the performer of `factsUntilScheduled` only.
 */
export const createFakeOrchestration = (events: EventStore): FakeOrchestration => {
  const started = new Map<AuditionId, AuditionPlan>();
  const receivedCommands: FakeOrchestration['receivedCommands'][number][] = [];
  const reopened: FakeOrchestration['reopened'][number][] = [];
  let parts: Partial<AuditionWorkflows> = {};
  return {
    get started() {
      return [...started.values()];
    },
    receivedCommands,
    reopened,
    override: (others) => {
      parts = others;
    },
    start: async (plan) => {
      if (parts.start) return parts.start(plan);
      const first = started.get(plan.id) ?? plan;
      started.set(plan.id, first);
      await storeEvents(events, plan.id, trail(startFacts(first)));
      return { kind: 'done', result: { kind: 'held', sequence: startFacts(first).length } };
    },
    sendUpdate: async (id, message, updateId) => {
      receivedCommands.push({ id, message, updateId });
      return parts.sendUpdate ? parts.sendUpdate(id, message, updateId) : { kind: 'still_working' };
    },
    reopen: async (plan, command, updateId) => {
      reopened.push({ plan, command, updateId });
      return parts.reopen ? parts.reopen(plan, command, updateId) : { kind: 'still_working' };
    },
    findReopening: async (id, updateId) => parts.findReopening?.(id, updateId),
    waitForEnd: async (id) => (parts.waitForEnd ? parts.waitForEnd(id) : true),
    readPlan: async (id) =>
      parts.readPlan ? parts.readPlan(id) : auditionPlan(Date.parse(now), { id, participants: [performer] }),
    exists: async (id) => (parts.exists ? parts.exists(id) : started.has(id)),
    queryView: async (id) => parts.queryView?.(id),
    queryRunningView: async (owner, id) => parts.queryRunningView?.(owner, id),
  };
};

export interface TestApi {
  readonly api: FastifyInstance;
  readonly orchestration: FakeOrchestration;
  /** Returns the API key of an organization and role, and creates it if needed. */
  readonly keyFor: (role: ApiRole, organization?: OrganizationId) => Promise<string>;
  readonly call: (
    method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS',
    url: string,
    how?: { readonly key?: string; readonly body?: unknown; readonly headers?: Record<string, string> },
  ) => Promise<{
    readonly status: number;
    readonly headers: Record<string, unknown>;
    readonly body: unknown;
    readonly text: string;
  }>;
}

/** Builds the API on a test database. `overrides` replaces single dependencies. */
export const createTestApi = async (
  { repositories }: TestDatabase,
  overrides: Partial<ApiDependencies> = {},
): Promise<TestApi> => {
  const auditionWorkflows = createFakeOrchestration(repositories.events);
  const api = await buildApi(apiDependencies({ repositories, auditionWorkflows, ...overrides }));
  return {
    api,
    orchestration: auditionWorkflows,
    keyFor: async (role, organization = 'org_north') => {
      const secret = `key-${organization}-${role}`;
      await repositories.apiKeys.put({ secret, role, organization, label: `${role} of ${organization}` });
      return secret;
    },
    call: async (method, url, { key, body, headers = {} } = {}) => {
      const payload: Pick<InjectOptions, 'payload'> =
        body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) };
      const response = await api.inject({
        method,
        url,
        ...payload,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      });
      const isJson = /json/.test(response.headers['content-type']?.toString() ?? '');
      return {
        status: response.statusCode,
        headers: response.headers,
        body: isJson ? response.json() : response.body,
        text: response.body,
      };
    },
  };
};

/** The connected calendar of the organization's performer. */
export const performerConnection = {
  id: 'conn_1',
  organization: 'org_north',
  provider: 'google',
  account: 'performer@example.com',
  refreshToken: 'secret',
} as const;

/** Returns a valid audition request; a test changes only the parts it is about. */
export const auditionRequest = (changes: Record<string, unknown> = {}) => ({
  project: { id: 'project-1', title: 'The Tempest' },
  role: { id: 'role-1', name: 'Miranda' },
  slot: { start: '2026-12-01T10:00', end: '2026-12-01T10:30', zone: 'Europe/Paris' },
  participants: [
    {
      id: 'performer-1',
      kind: 'performer',
      name: 'Ada Example',
      email: 'ada@example.com',
      zone: 'Europe/Paris',
      channels: ['email'],
    },
    {
      id: 'director-1',
      kind: 'casting_director',
      name: 'Carl Director',
      email: 'carl@example.com',
      zone: 'America/New_York',
      channels: ['email'],
    },
  ],
  meeting: { providers: ['zoom'] },
  ...changes,
});
