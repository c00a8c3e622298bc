import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../../../domain/audition/events.ts';
import { type AuditionId, participantIdSchema } from '../../../../domain/ids.ts';
import { auditionWorkflowId } from '../../../../domain/workflow-ids.ts';
import { createTestApi, type TestApi } from '../../../../tests/harness/api.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  requested,
  storeEvents,
  trail,
} from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { createFakeAuthorizers } from '../../../../tests/harness/fake-authorizers.ts';

let database: TestDatabase;
let running: string[] = [];
let api: TestApi;
let admin: string;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  running = [];
  api = await createTestApi(database, {
    personWorkflows: {
      isRunning: async (id) => running.includes(id),
      terminate: async () => {},
    },
  });
  admin = await api.keyFor('admin');
});
afterAll(() => database.drop());

let people = 0;
const newPerson = () => {
  people += 1;
  return participantIdSchema.parse(`person-${people}`);
};

const cancelled = { type: 'cancelled', origin: 'api', reason: 'a reason' } as const;

/** Stores an audition in which only this performer takes part. */
const auditionOf = async (
  person: string,
  after: readonly AuditionFact[] = [cancelled],
): Promise<AuditionId> => {
  const id = newAuditionId();
  const performer = {
    id: participantIdSchema.parse(person),
    kind: 'performer',
    zone: 'UTC',
    required: true,
  } as const;
  const [, ...others] = factsUntilScheduled(id);
  const facts = [{ ...requested(id), participants: [performer] }, ...others.filter(isOfNobody), ...after];
  await storeEvents(database.repositories.events, id, trail(facts));
  return id;
};
const isOfNobody = ({ type }: AuditionFact): boolean =>
  ['holding_started', 'slot_held', 'scheduled'].includes(type);

const erase = (person: string, body: object = {}, key = admin) =>
  api.call('POST', `/v1/participants/${person}/erase`, { key, body });

const reasonsOf = async (id: AuditionId) => {
  const events = await database.repositories.events.read('org_north', id, { after: 0, limit: 100 });
  return events.flatMap(({ fact }) => (fact.type === 'cancelled' ? [fact.reason] : []));
};

describe('the erasure of a person', () => {
  it('erases the texts of all auditions of the person, and no others', async () => {
    const [person, other] = [newPerson(), newPerson()];
    const [id, elsewhere] = [await auditionOf(person), await auditionOf(other)];

    expect(await erase(person)).toMatchObject({
      status: 200,
      body: { participant: person, isErased: true, auditions: [id], obstacles: [] },
    });

    expect(await reasonsOf(id)).toEqual(['[erased]']);
    expect(await database.repositories.events.verify(id)).toEqual({ ok: true });
    expect(await reasonsOf(elsewhere)).toEqual(['a reason']);
    expect(await database.repositories.people.listErased()).toContainEqual({
      organization: 'org_north',
      participant: person,
      isFinished: true,
    });
    expect((await erase(person)).status).toBe(200);
  });

  it('includes auditions that the person joined later or has left', async () => {
    const [person, other] = [newPerson(), newPerson()];
    const member = { id: person, kind: 'reader', zone: 'UTC', required: false } as const;
    const id = await auditionOf(other, [
      { type: 'participant_added', participant: member },
      { type: 'participant_removed', participant: person },
      cancelled,
    ]);
    expect(await erase(person, { dryRun: true })).toMatchObject({ body: { auditions: [id] } });
  });

  it('makes it impossible to reopen the auditions', async () => {
    const person = newPerson();
    const id = await auditionOf(person);
    await erase(person);
    const reopening = await api.call('POST', `/v1/auditions/${id}/reopen`, {
      key: admin,
      body: { to: 'decision' },
      headers: { 'idempotency-key': id },
    });
    expect(reopening).toMatchObject({ status: 409, body: { code: 'reopen_expired' } });
  });

  it('changes nothing in a dry run', async () => {
    const person = newPerson();
    const id = await auditionOf(person);
    expect(await erase(person, { dryRun: true })).toMatchObject({
      body: { isErased: false, auditions: [id] },
    });
    expect(await reasonsOf(id)).toEqual(['a reason']);
  });

  it('is refused while an audition is open, and says which', async () => {
    const person = newPerson();
    const [closed, open] = [await auditionOf(person), await auditionOf(person, [])];
    const { status, body } = await erase(person);
    expect([status, body]).toMatchObject([
      409,
      { code: 'participant_not_erasable', detail: expect.stringContaining(`${open} (audition_open)`) },
    ]);
    expect(await reasonsOf(closed)).toEqual(['a reason']);
  });

  it('is refused while the workflow of a closed audition runs', async () => {
    const person = newPerson();
    const id = await auditionOf(person);
    running = [auditionWorkflowId(id)];
    expect(await erase(person)).toMatchObject({ status: 409, body: { code: 'participant_not_erasable' } });
    running = [];
    expect((await erase(person)).status).toBe(200);
  });

  it('is completed by the next request when it was interrupted', async () => {
    const person = newPerson();
    const ids = [await auditionOf(person), await auditionOf(person)];
    const { people: stored } = database.repositories;
    let calls = 0;
    const interrupted = await createTestApi(database, {
      repositories: {
        ...database.repositories,
        people: {
          ...stored,
          eraseAudition: async (id) => {
            calls += 1;
            if (calls === 2) throw new Error('killed');
            await stored.eraseAudition(id);
          },
        },
      },
    });
    const request = { key: admin, body: {} };
    expect((await interrupted.call('POST', `/v1/participants/${person}/erase`, request)).status).toBe(500);
    expect(await stored.listErased()).toContainEqual(
      expect.objectContaining({ participant: person, isFinished: false }),
    );
    expect((await erase(person)).status).toBe(200);
    for (const id of ids) expect(await reasonsOf(id)).toEqual(['[erased]']);
  });

  it('disconnects the accounts of the person and erases their keys', async () => {
    const person = newPerson();
    const { connections } = database.repositories;
    const connected = await connections.connect({
      organization: 'org_north',
      owner: person,
      provider: 'ics',
      grant: {
        account: { id: `account of ${person}`, name: person },
        credential: { kind: 'feed_address', address: 'https://feeds.example/1' },
        scopes: [],
      },
    });
    const id = connected.kind === 'connected' ? connected.id : '';
    expect(await erase(person)).toMatchObject({ body: { connections: [id] } });
    const { rows } = await database.pool.query(
      'SELECT status, account, account_reference, provider_account FROM connections WHERE id = $1',
      [id],
    );
    expect(rows).toEqual([
      { status: 'disconnected', account: '', account_reference: null, provider_account: null },
    ]);
  });

  it('leaves the grant of an account to another organization that has connected it', async () => {
    const person = newPerson();
    const { connections } = database.repositories;
    const authorizers = createFakeAuthorizers();
    const { call } = await createTestApi(database, { authorizers });
    const connect = (organization: 'org_north' | 'org_south', owner: string, account: string) =>
      connections.connect({
        organization,
        owner,
        provider: 'google',
        grant: {
          account: { id: `account of ${account}`, name: account },
          credential: { kind: 'oauth', refreshToken: `token of ${owner}` },
          scopes: [],
        },
      });
    const alone = newPerson();
    await connect('org_north', alone, alone);
    await connect('org_north', person, person);
    await connect('org_south', 'the-same-person', person);

    for (const whom of [person, alone]) {
      const request = { key: admin, body: {} };
      expect(await call('POST', `/v1/participants/${whom}/erase`, request)).toMatchObject({ status: 200 });
    }

    expect(authorizers.revoked).toEqual([`token of ${alone}`]);
    expect(await connections.list('org_south', { owner: 'the-same-person' })).toMatchObject([
      { status: 'connected', account: person },
    ]);
  });

  it('is for administrators only', async () => {
    for (const role of ['backend', 'operator'] as const) {
      expect((await erase(newPerson(), {}, await api.keyFor(role))).status).toBe(403);
    }
  });
});
