/**
 * Puts a different mark into every text that the tables take about a person beside Temporal, erases the person, and searches the
 * tables and a backup from before, with every key that is left. `tests/e2e/erasure.e2e.test.ts` does the same with workflows.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Actor } from '../../../../db/access/administrative-acts.ts';
import { createWebhookInbox } from '../../../../db/inbox/webhooks.ts';
import type { AuditionFact } from '../../../../domain/audition/events.ts';
import {
  type AuditionId,
  type ConnectionId,
  type ParticipantId,
  participantIdSchema,
} from '../../../../domain/ids.ts';
import type { InboxEvent } from '../../../../domain/inbox-event.ts';
import { recordingWorkflowId } from '../../../../domain/workflow-ids.ts';
import { createKeyRing } from '../../../../foundation/encryption/key-ring.ts';
import { createTestApi, joinLinkIds, responseLinkIds, type TestApi } from '../../../../tests/harness/api.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  requested,
  storeEvents,
  trail,
} from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { dumpPostgres } from '../../../../tests/harness/database-dump.ts';
import { allKeys, attack, sealedTextsIn } from '../../../../tests/harness/key-attack.ts';
import { leaksIn, type Secret } from '../../../../tests/harness/leaks.ts';

const masterKeys = [{ id: 'marks', key: randomBytes(32) }];
const organization = 'org_north';
const actor: Actor = { by: 'legal', role: 'admin', correlationId: 'correlation-1' };

let database: TestDatabase;
let api: TestApi;
let admin: string;
let terminated: string[] = [];
/** Backups from before the webhooks were parked. */
let received: Buffer[] = [];
beforeAll(async () => {
  database = await createTestDatabase(createKeyRing(masterKeys));
});
beforeEach(async () => {
  terminated = [];
  received = [];
  api = await createTestApi(database, {
    personWorkflows: {
      isRunning: async () => false,
      terminate: async (id) => {
        terminated.push(id);
      },
    },
  });
  admin = await api.keyFor('admin');
});
afterAll(() => database.drop());

const newPerson = (): ParticipantId => participantIdSchema.parse(`person-${randomUUID()}`);

/** Returns the text for this place, which nothing else contains. */
const marked = (of: string, place: string): string => `${of} ${place}`;

/** The names of the places. Each has a mark of the person. */
const places = [
  'room',
  'reason of a cancellation',
  'note of an operator',
  'detail of a skipped step',
  'title',
  'response',
  'busy calendar',
  'account',
  'calendar of a hold',
  'reason of a hold on the audition',
  'reason of a hold on a recording',
  'parked name',
  'parked number',
  'parked text',
  'parked mail',
  'parked calendar',
] as const;

const secretsOf = (mark: string): readonly Secret[] =>
  places.map((place) => ({ what: place, text: marked(mark, place) }));

const storeTrail = async (person: ParticipantId, id: AuditionId, mark: string): Promise<void> => {
  const performer = { id: person, kind: 'performer', zone: 'UTC', required: true } as const;
  const [, holding, held, meeting] = factsUntilScheduled(id);
  if (!holding || held?.type !== 'slot_held' || meeting?.type !== 'meeting_created')
    throw new Error('the facts have changed');
  const item = attentionItem(`att_${id}_1`);
  const facts: readonly AuditionFact[] = [
    { ...requested(id), participants: [performer] },
    holding,
    { ...held, slot: { ...held.slot, room: marked(mark, 'room') } },
    { ...meeting, meeting: { ...meeting.meeting, id: meetingOf(id) } },
    { type: 'scheduled' },
    { type: 'attention_raised', item },
    {
      type: 'attention_resolved',
      id: item.id,
      action: 'skip',
      by: 'operator-1',
      note: marked(mark, 'note of an operator'),
    },
    { type: 'step_skipped', step: 'meeting', detail: marked(mark, 'detail of a skipped step') },
    { type: 'cancelled', origin: 'api', reason: marked(mark, 'reason of a cancellation') },
  ];
  await storeEvents(database.repositories.events, id, trail(facts));
};

const meetingOf = (id: AuditionId): string => `meeting of ${id}`;

const storeAccount = async (person: ParticipantId, id: AuditionId, mark: string): Promise<ConnectionId> => {
  const { connections, busyCalendars, storedNames } = database.repositories;
  const account = marked(mark, 'account');
  const connected = await connections.connect({
    organization,
    owner: person,
    provider: 'ics',
    grant: {
      account: { id: account, name: account },
      credential: { kind: 'feed_address', address: `https://feeds.example/${encodeURIComponent(account)}` },
      scopes: [],
    },
  });
  if (connected.kind !== 'connected') throw new Error(connected.kind);
  const calendar = marked(mark, 'busy calendar');
  await busyCalendars.replace({ organization, auditionId: id }, [
    {
      participant: person,
      connection: connected.id,
      provider: 'google',
      calendarId: calendar,
      calendarName: `google/${calendar}`,
    },
  ]);
  await database.pool.query(
    `INSERT INTO connection_failures (connection, organization, state, problems, calendars, failing_since)
     VALUES ($1, $2, 'reported', '[]', $3, now())`,
    [connected.id, organization, [(await storedNames()).calendar(marked(mark, 'calendar of a hold'))]],
  );
  return connected.id;
};

const storeLinks = async (person: ParticipantId, id: AuditionId, mark: string): Promise<void> => {
  const { responseLinks, joinLinks, idempotentRequests } = database.repositories;
  const titles = { project: marked(mark, 'title'), role: 'A role' };
  await responseLinks.issue(
    { invitation: { organization, auditionId: id, participant: person, revision: 1 }, locale: 'en', titles },
    responseLinkIds,
  );
  await joinLinks.issue([{ organization, auditionId: id, participant: person, titles }], joinLinkIds);
  const key = `POST /v1/auditions/${id}/cancel ${randomUUID()}`;
  await idempotentRequests.begin({ organization, key, requestHash: 'hash' });
  await idempotentRequests.storeResponse(organization, key, {
    status: 200,
    body: { id, text: marked(mark, 'response') },
  });
};

/** Stores that the audition has created its meeting, and uses the room of a casting session: its webhooks are known to be about it. */
const storeOperation = async (id: AuditionId): Promise<void> => {
  await database.pool.query(
    `INSERT INTO operations (key, organization, provider, operation, state, started_at, provider_id, audition_id)
     VALUES ($1, $2, 'zoom', 'meeting', 'completed', now(), $3, $4)`,
    [`audition/${id}:meeting`, organization, meetingOf(id), id],
  );
  await database.pool.query(
    `INSERT INTO session_room_uses (key, session, number, audition_id, starts_at, ends_at, revision)
     VALUES ($1, 'ses_1', 1, $2, now(), now(), 1)`,
    [`audition/${id}:meeting`, id],
  );
};

/** Stores a recording that is deleted, and holds on it and on the audition: they do not stand in the way of an erasure. */
const storeHolds = async (id: AuditionId, mark: string): Promise<void> => {
  const { recordings, recordingHolds, recordingAttention } = database.repositories;
  const recording = `rec_${randomUUID()}` as const;
  const about = { organization, auditionId: id, provider: 'zoom', meetingId: meetingOf(id) } as const;
  await recordings.putFound({
    ...about,
    id: recording,
    instance: '1',
    files: [],
    correlationId: 'correlation-1',
  });
  for (const [subject, place] of [
    [recording, 'reason of a hold on a recording'],
    [id, 'reason of a hold on the audition'],
  ] as const)
    expect(await recordingHolds.place({ organization, subject }, marked(mark, place), actor)).toBe('placed');
  expect(
    (await recordings.get(organization, recording))?.holds.map(({ reason }) => reason).toSorted(),
  ).toEqual(
    [
      marked(mark, 'reason of a hold on a recording'),
      marked(mark, 'reason of a hold on the audition'),
    ].toSorted(),
  );
  await database.pool.query("UPDATE recordings SET state = 'deleted' WHERE id = $1", [recording]);
  await recordingAttention.put(
    { organization, auditionId: id, workflowId: recordingWorkflowId(id, 'zoom', meetingOf(id)) },
    attentionItem(`att_${id}_r1`),
  );
};

type Received = InboxEvent & { readonly provider: string };

/** Was received three hours ago: no process writes under the data key of that hour any more. */
const park = async (webhook: Received): Promise<string> => {
  const { db, repositories } = database;
  const inbox = createWebhookInbox(db, repositories.vault, () => new Date(Date.now() - 3 * 3_600_000));
  const dedupeKey = randomUUID();
  await inbox.receive({ ...webhook, dedupeKey, correlationId: 'correlation-1' });
  const { rows } = await database.pool.query('SELECT id FROM webhook_inbox WHERE dedupe_key = $1', [
    dedupeKey,
  ]);
  const id: string = rows[0].id;
  received.push(await dumpPostgres(database.pool));
  expect(await inbox.park(id, 'test')).toBe(true);
  return id;
};

const joined = (meetingId: string, name: string): Received => ({
  provider: 'zoom',
  kind: 'meeting.participant_joined',
  event: { meetingId, name },
});

const mailAbout = (id: AuditionId, text: string): Received => ({
  provider: 'smtp',
  kind: 'mail.received',
  event: {
    message: Buffer.from(
      [
        'From: a@b.example',
        'Content-Type: text/calendar; method=REPLY',
        '',
        'BEGIN:VCALENDAR',
        'METHOD:REPLY',
        'BEGIN:VEVENT',
        `UID:${id}@castmatch`,
        'DTSTART:20310101T100000Z',
        `COMMENT:${text}`,
        'ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.example',
        'END:VEVENT',
        'END:VCALENDAR',
        '',
      ].join('\r\n'),
    ).toString('base64'),
  },
});

/** Parks one webhook of each kind that can name a person. Returns their ids. */
const parkAll = (id: AuditionId, connection: ConnectionId, mark: string): Promise<readonly string[]> =>
  Promise.all([
    park(joined(meetingOf(id), marked(mark, 'parked name'))),
    park({
      provider: 'twilio',
      kind: 'message.received',
      event: { id: 'SM1', from: marked(mark, 'parked number'), body: marked(mark, 'parked text') },
    }),
    park(mailAbout(id, marked(mark, 'parked mail'))),
    park({
      provider: 'google',
      kind: 'calendar.changed',
      event: { connection, calendarId: marked(mark, 'parked calendar') },
    }),
  ]);

const storeAll = async (person: ParticipantId, mark: string) => {
  const id = newAuditionId();
  await storeTrail(person, id, mark);
  const connection = await storeAccount(person, id, mark);
  await storeLinks(person, id, mark);
  await storeHolds(id, mark);
  await storeOperation(id);
  return { id, connection, parked: await parkAll(id, connection, mark) };
};

const erase = (person: ParticipantId) =>
  api.call('POST', `/v1/participants/${person}/erase`, { key: admin, body: {} });

const found = async (dump: Buffer, secrets: readonly Secret[]): Promise<readonly string[]> => {
  const keys = await allKeys(database.keys.pool, masterKeys);
  const leaks = leaksIn(Buffer.concat([dump, attack(keys, sealedTextsIn(dump))]), secrets);
  return [...new Set(leaks.map((what) => what.replace(/ as .*$/, '')))].toSorted();
};

const rowsOf = async (table: string, id: AuditionId) =>
  (await database.pool.query(`SELECT FROM ${table} WHERE audition_id = $1`, [id])).rowCount;

describe('the erasure of a person', () => {
  it('leaves no mark of the person in the tables or in a backup, and every mark of others', async () => {
    const [person, other] = [newPerson(), newPerson()];
    const { id, connection } = await storeAll(person, 'quillfeather');
    await storeAll(other, 'ashgrove');
    const backup = await dumpPostgres(database.pool);
    const all = places.filter((place) => place !== 'calendar of a hold').toSorted();
    expect(await found(backup, secretsOf('quillfeather'))).toEqual(all);

    expect(await erase(person)).toMatchObject({ status: 200 });

    for (const dump of [backup, ...received])
      expect(await found(dump, secretsOf('quillfeather'))).toEqual([]);
    expect(await found(await dumpPostgres(database.pool), secretsOf('quillfeather'))).toEqual([]);
    expect(await found(backup, secretsOf('ashgrove'))).toEqual(all.filter((place) => !isOfNobody.has(place)));
    for (const table of ['attention_items', 'session_room_uses']) expect(await rowsOf(table, id)).toBe(0);
    const failures = await database.pool.query(
      'SELECT calendars FROM connection_failures WHERE connection = $1',
      [connection],
    );
    expect(failures.rows).toEqual([{ calendars: [] }]);
    expect(terminated).toContain(recordingWorkflowId(id, 'zoom', meetingOf(id)));
  });
});

/** Who sent a text message is not stored with the message: it can be of anyone. */
const isOfNobody: ReadonlySet<string> = new Set(['parked number', 'parked text']);

describe('parked webhooks', () => {
  it('of other people can be read and replayed after an erasure', async () => {
    const [person, other] = [newPerson(), newPerson()];
    await storeAll(person, 'thistlewood');
    const { parked } = await storeAll(other, 'birchmore');
    await erase(person);
    const { inbox } = database.repositories;
    const states = await Promise.all(
      parked.map(async (id) => {
        const entry = await inbox.find(id);
        return [(await entry?.decrypt())?.kind, entry?.state, await inbox.replay(id)];
      }),
    );
    expect(states).toEqual([
      ['meeting.participant_joined', 'parked', true],
      [undefined, 'delivered', false],
      ['mail.received', 'parked', true],
      ['calendar.changed', 'parked', true],
    ]);
  });

  it('of an earlier version, and its reasons of holds, are sealed apart when a worker starts', async () => {
    const person = newPerson();
    const { id, parked } = await storeAll(person, 'larkspur');
    const { vault, parkedContents, holdReasons } = database.repositories;
    const webhook = parked[0] ?? '';
    const former = 'inbox:2026-01-01T01';
    const event = { meetingId: meetingOf(id), name: marked('larkspur', 'parked name') };
    await database.pool.query('UPDATE webhook_inbox SET data_key = $2, sealed_event = $3 WHERE id = $1', [
      webhook,
      former,
      await vault.seal(former, JSON.stringify(event), `webhook_inbox ${webhook}`),
    ]);
    await database.pool.query("UPDATE recording_holds SET reason = 'an earlier reason' WHERE subject = $1", [
      id,
    ]);

    await parkedContents.separate();
    await holdReasons.sealEarlier();

    const backup = await dumpPostgres(database.pool);
    const earlier = [
      { what: 'parked name', text: event.name },
      { what: 'reason', text: 'an earlier reason' },
    ];
    expect(await found(backup, earlier)).toEqual(['parked name', 'reason']);
    await erase(person);
    expect(await found(backup, earlier)).toEqual([]);
  });
});
