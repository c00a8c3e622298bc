/**
 * Tests what an erasure promises: the database and the histories of Temporal are copied before, a person is erased, the copy
 * is restored and searched with the master keys and every data key that is left.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWebhookInbox } from '../../db/inbox/webhooks.ts';
import { createRepositories } from '../../db/index.ts';
import { erasedText } from '../../db/trail/trail-texts.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { auditionDataKey } from '../../domain/workflow-ids.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { type ApiClient, createApiClient, day, fullMinute } from '../harness/api-client.ts';
import { createTestDatabase } from '../harness/database.ts';
import { backUpDatabase, restoreDatabase } from '../harness/database-backup.ts';
import { dumpPostgres } from '../harness/database-dump.ts';
import { eventually } from '../harness/eventually.ts';
import { allKeys, attack, payloadsIn, sealedTextsIn } from '../harness/key-attack.ts';
import { leaksIn, type Secret } from '../harness/leaks.ts';
import { organization, type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
const adminKey = 'key-of-the-administrator';

beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
  await service.database.repositories.apiKeys.put({
    secret: adminKey,
    role: 'admin',
    organization,
    label: 'administrator',
  });
  await service.startWorker();
});
afterAll(() => service.close());

const zone = 'Europe/Paris';

/** A performer and the words that only the auditions of this performer contain. */
const performerOf = (id: string, first: string, last: string, phone: string) => {
  const name = `${first} ${last}`;
  const email = `${first}.${last}@performers.example`.toLowerCase();
  const room = `The kitchen of ${first} ${last}`;
  const reason = `${first} has sprained an ankle`;
  const account = `${last}.calendar@accounts.example`.toLowerCase();
  const role = `The double of ${first} ${last}`;
  const notes = `${first} is allergic to nuts`;
  const hold = `${first} has sued`;
  const secrets: readonly Secret[] = [
    name,
    first,
    last,
    email,
    room,
    reason,
    account,
    role,
    notes,
    hold,
    phone.slice(1),
  ].map((text) => ({ what: `"${text}"`, text }));
  return { id, name, email, phone, room, reason, account, role, notes, hold, secrets };
};
type Performer = ReturnType<typeof performerOf>;

const erased = performerOf('person-erased', 'Ottoline', 'Quillfeather', '+33612987654');
const kept = performerOf('person-kept', 'Bartholomew', 'Ashgrove', '+33612987111');

const requestFor = ({ id, name, email, phone, room, role, notes }: Performer, startsAt: number) => ({
  project: { id: 'project-1', title: 'A play' },
  role: { id: 'role-1', name: role },
  notes,
  slot: {
    start: new Date(startsAt).toISOString(),
    end: new Date(startsAt + 1_800_000).toISOString(),
    zone,
    room,
  },
  participants: [
    { id, kind: 'performer', name, email, phone, zone, channels: ['email', 'sms'] },
    {
      id: 'person-director',
      kind: 'casting_director',
      name: 'Philippa Thistlewood',
      email: 'p.thistlewood@directors.example',
      zone,
      channels: ['email'],
    },
  ],
});

/** Stores an account of the person, and webhooks of three hours ago that name the person: a delivered one, and a parked one. */
const storeOthers = async ({ id, name, email, account, phone }: Performer): Promise<void> => {
  const { connections, vault } = service.database.repositories;
  await connections.connect({
    organization,
    owner: id,
    provider: 'google',
    grant: {
      account: { id: account, name: account },
      credential: { kind: 'oauth', refreshToken: `refresh-${account}` },
      scopes: [],
    },
  });
  const inbox = createWebhookInbox(service.database.db, vault, () => new Date(Date.now() - 3 * 3_600_000));
  await inbox.receive({
    provider: 'zoom',
    dedupeKey: `joined ${id}`,
    kind: 'meeting.participant_joined',
    event: { meetingId: 'unknown', name, email },
    correlationId: 'test',
  });
  await service.database.pool.query(
    `UPDATE webhook_inbox SET state = 'delivered', settled_at = now() - interval '2 hours' WHERE dedupe_key = $1`,
    [`joined ${id}`],
  );
  await inbox.receive({
    provider: 'twilio',
    dedupeKey: `text of ${id}`,
    kind: 'message.received',
    event: { id: `text of ${id}`, from: phone, body: `This is ${name}` },
    correlationId: 'test',
  });
};

/** Requests an audition, cancels it when everyone is invited, and waits for the end of its workflow. */
const cancelledAudition = async (performer: Performer, startsAt: number): Promise<AuditionId> => {
  const { id } = await platform.request(requestFor(performer, startsAt));
  await platform.until(id, ({ state, notices }) => state === 'scheduled' && notices.length === 3);
  await platform.post(
    `/v1/auditions/${id}/cancel`,
    { reason: performer.reason },
    { idempotencyKey: crypto.randomUUID() },
  );
  await service.temporal.workflow.getHandle(`audition/${id}`).result();
  return id;
};

/** Holds the recordings of an audition. It has none, so the hold does not stand in the way of an erasure. */
const holdRecordings = async (id: AuditionId, { hold }: Performer): Promise<void> => {
  const actor = { by: 'legal', role: 'admin', correlationId: 'test' } as const;
  await service.database.repositories.recordingHolds.place({ organization, subject: id }, hold, actor);
};

/** Returns the encrypted payloads of every history of this service. */
const exportHistories = async (): Promise<readonly Uint8Array[]> => {
  const { workflowService, options } = service.temporal;
  const { namespace } = options;
  const { executions } = await workflowService.listWorkflowExecutions({
    namespace,
    pageSize: 500,
    query: `TaskQueue = "${service.taskQueue}"`,
  });
  const histories = await Promise.all(
    executions.map(async (execution) => [
      execution,
      await workflowService.getWorkflowExecutionHistory({
        namespace,
        execution: execution.execution ?? {},
        maximumPageSize: 1_000,
      }),
    ]),
  );
  return payloadsIn(histories);
};

const namesOf = ({ secrets }: Performer) => new Set(secrets.map(({ what }) => what));
/** Returns which of the secrets were found, in whatever encoding. */
const namesIn = (found: readonly string[]) => new Set(found.map((what) => what.replace(/ as .*$/, '')));

const erase = (participant: string, body: object = {}) =>
  platform.post(`/v1/participants/${participant}/erase`, body, { key: adminKey });

it('erases one person from backups and histories, and no other', async () => {
  const startsAt = fullMinute(Date.now() + 40 * day);
  await storeOthers(erased);
  await storeOthers(kept);
  const open = await platform.request(requestFor(erased, startsAt + 5 * day));
  const id = await cancelledAudition(erased, startsAt);
  const other = await cancelledAudition(kept, startsAt + day);
  await holdRecordings(id, erased);
  await holdRecordings(other, kept);

  // An open audition stands in the way.
  expect((await erase(erased.id, { dryRun: true })).body).toMatchObject({
    isErased: false,
    auditions: expect.arrayContaining([id, open.id]),
    obstacles: [{ id: open.id, obstacle: 'audition_open' }],
  });
  expect(await erase(erased.id)).toMatchObject({
    status: 409,
    body: { code: 'participant_not_erasable' },
  });
  await platform.post(
    `/v1/auditions/${open.id}/cancel`,
    { reason: erased.reason },
    { idempotencyKey: crypto.randomUUID() },
  );
  await service.temporal.workflow.getHandle(`audition/${open.id}`).result();
  await eventually(async () => {
    const { body } = await erase(erased.id, { dryRun: true });
    return JSON.stringify(body).includes('"obstacles":[]');
  }, 20_000);

  const backup = await backUpDatabase(service.database.pool);
  const histories = await exportHistories();
  const { masterKeys } = service.configuration;
  const restored = await createTestDatabase();
  try {
    await restoreDatabase(backup, restored.pool);
    const dump = await dumpPostgres(restored.pool);
    const sealed = [...sealedTextsIn(dump), ...histories];
    const found = async (secrets: readonly Secret[]) => {
      const keys = await allKeys(service.database.keys.pool, masterKeys);
      return leaksIn(Buffer.concat([dump, attack(keys, sealed)]), secrets);
    };
    // The search finds everything before the erasure, so it would find it afterwards.
    expect(namesIn(await found(erased.secrets))).toEqual(namesOf(erased));

    expect(await erase(erased.id)).toMatchObject({ status: 200, body: { isErased: true } });

    expect(await found(erased.secrets)).toEqual([]);
    expect(namesIn(await found(kept.secrets))).toEqual(namesOf(kept));

    const inBackup = createRepositories(restored.db, createKeyRing(masterKeys), service.database.keys.db);
    const facts = await inBackup.events.read(organization, id, { after: 0, limit: 1_000 });
    expect(facts.find(({ fact }) => fact.type === 'cancelled')?.fact).toMatchObject({ reason: erasedText });
    expect(await inBackup.events.verify(id)).toEqual({ ok: true });
    expect((await inBackup.auditions.get(organization, other))?.slot?.room).toBe(kept.room);
  } finally {
    await restored.drop();
  }

  // The service itself shows the facts without the texts, and the erasure can be repeated.
  const { auditions, events, vault } = service.database.repositories;
  // This process has kept the key in memory, as another process of the service can for five minutes.
  vault.evict(auditionDataKey(id));
  expect((await auditions.get(organization, id))?.slot?.room).toBe(erasedText);
  expect(await events.verify(id)).toEqual({ ok: true });
  const live = await dumpPostgres(service.database.pool);
  expect(leaksIn(live, erased.secrets)).toEqual([]);
  expect(await erase(erased.id)).toMatchObject({ status: 200, body: { isErased: true } });
  expect((await platform.get(`/v1/auditions/${id}`)).status).toBe(200);
});
