/** Creates session blocks through the API of a test, and stores auditions in them. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { type OrganizationId, type SessionBlockId, sessionBlockIdSchema } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { TestApi } from './api.ts';
import { newAuditionId, requested, storeEvents, trail } from './audition-trail.ts';
import type { TestDatabase } from './database.ts';

/** Tuesdays and Thursdays from 10:00 to 13:00 in Paris, until 18 December. */
export const blockBody = (changes: object = {}) => ({
  project: 'project-1',
  zone: 'Europe/Paris',
  start: '2026-12-01T10:00',
  end: '2026-12-01T13:00',
  recurrence: { rule: 'FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261218' },
  room: 'Studio 2',
  slotMinutes: 15,
  gapMinutes: 5,
  ...changes,
});

/** Start and end of a bookable time in the first session of `blockBody()`, and in the second. */
export const firstTime = ['2026-12-01T09:00:00.000Z', '2026-12-01T09:15:00.000Z'] as const;
export const secondTime = ['2026-12-03T09:20:00.000Z', '2026-12-03T09:35:00.000Z'] as const;

const sessionsSchema = z.object({ items: z.array(z.object({ at: z.string() })) });

const blockSchema = z.object({ id: sessionBlockIdSchema, version: z.int() });

/** Sets up the session blocks of a new organization. */
export const useSessionBlocks = async (test: TestApi, { repositories }: TestDatabase) => {
  const organization: OrganizationId = `org_${randomUUID()}`;
  const key = await test.keyFor('backend', organization);
  const create = (body: object = {}, idempotencyKey: string = randomUUID()) =>
    test.call('POST', '/v1/session-blocks', {
      key,
      body: blockBody(body),
      headers: { 'idempotency-key': idempotencyKey },
    });
  const created = async (body: object = {}) => {
    const response = await create(body);
    if (response.status !== 201) throw new Error(response.text);
    return blockSchema.parse(response.body);
  };
  const send = (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    {
      body,
      version,
      headers = {},
    }: { readonly body?: object; readonly version?: number; readonly headers?: Record<string, string> } = {},
  ) =>
    test.call(method, `/v1/session-blocks/${path}`, {
      key,
      ...(body && { body }),
      headers: { ...(version === undefined ? {} : { 'if-match': `"${version}"` }), ...headers },
    });
  /** Returns the local starts of the sessions of a block between two dates. */
  const startsOf = async (block: SessionBlockId, from = '2026-11-24', until = '2027-03-01') => {
    const { body } = await send('GET', `${block}/sessions?from=${from}T00:00:00Z&until=${until}T00:00:00Z`);
    return sessionsSchema.parse(body).items.map(({ at }) => at);
  };
  /** Stores an audition that was scheduled in the block. */
  const book = async (
    block: SessionBlockId,
    start: Instant,
    end: Instant,
    {
      room = 'Studio 2',
      more = [],
    }: { readonly room?: string; readonly more?: readonly AuditionFact[] } = {},
  ) => {
    const id = newAuditionId();
    await storeEvents(
      repositories.events,
      id,
      trail([
        requested(id, organization),
        { type: 'holding_started' },
        { type: 'slot_held', slot: { start, end, zone: 'Europe/Paris', room, block }, revision: 1 },
        { type: 'scheduled' },
        ...more,
      ]),
    );
    return id;
  };
  return { organization, key, create, created, send, startsOf, book };
};
