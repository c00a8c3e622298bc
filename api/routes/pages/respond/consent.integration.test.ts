/** Tests the question about the recording on the page that an invitation links to. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../../../domain/audition/events.ts';
import { participantIdSchema } from '../../../../domain/ids.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { createTestApi, responseLinks } from '../../../../tests/harness/api.ts';
import {
  agent,
  agentAdded,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const performer = participantIdSchema.parse('performer-1');
const now = '2026-11-24T09:00:00.000Z';

interface Recorded {
  /** Undefined: the session is not to be recorded. */
  readonly recording?: 'automatic' | 'by_host' | undefined;
  readonly facts?: readonly AuditionFact[];
  readonly at?: Instant;
  /** Whom the invitation was sent to. */
  readonly invited?: typeof performer;
  /** Replaces the repositories of the API. */
  readonly repositories?: TestDatabase['repositories'];
}

const meetingCreated = (
  notHonored: readonly 'autoStartRecording'[] = ['autoStartRecording'],
): AuditionFact => ({
  type: 'meeting_created',
  meeting: { provider: 'zoom', id: '1', joinUrl: 'https://zoom.test/j/1', notHonored: [...notHonored] },
});
const consented = (consent: 'given' | 'refused') =>
  ({ type: 'recording_consented', participant: performer, consent, origin: 'link' }) as const;

const setUp = async ({ facts = [], at = now, invited = performer, repositories, ...wish }: Recorded = {}) => {
  const test = await createTestApi(database, { now: () => at, ...(repositories && { repositories }) });
  const auditionId = newAuditionId();
  const [requested, ...more] = factsUntilScheduled(auditionId, 'org_north');
  if (requested?.type !== 'requested') throw new TypeError('the first fact is the request');
  const events = trail([{ ...requested, recording: 'automatic', ...wish }, ...more, ...facts]);
  await storeEvents(database.repositories.events, auditionId, events);
  const invitation = {
    organization: 'org_north',
    auditionId,
    participant: invited,
    revision: 1,
  } as const;
  const token = responseLinks.token(invitation);
  return {
    ...test,
    auditionId,
    open: (language = 'en') =>
      test.call('GET', `/respond/${token}`, { headers: { 'accept-language': language } }),
    say: (consent: string, headers: Record<string, string> = {}) =>
      test.call('POST', `/respond/${token}`, {
        body: `consent=${consent}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      }),
    /** The consents of the audition in the inbox, in order. */
    received: async () => {
      const { rows } = await database.pool.query(
        "SELECT id FROM webhook_inbox WHERE kind = 'recording.consented' ORDER BY received_at",
      );
      const found = await Promise.all(rows.map(({ id }) => database.repositories.inbox.find(id)));
      const events = await Promise.all(found.flatMap((entry) => (entry ? [entry.decrypt()] : [])));
      return events.flatMap((event) =>
        event?.kind === 'recording.consented' && event.event.audition === auditionId
          ? [event.event.consent]
          : [],
      );
    },
    consents: async () =>
      (await database.repositories.events.read('org_north', auditionId, { after: 0, limit: 100 })).flatMap(
        ({ fact, at: when }) => (fact.type === 'recording_consented' ? [{ ...fact, when }] : []),
      ),
  };
};

describe('the question about the recording', () => {
  it('is asked in the language of the browser, only when the session is to be recorded', async () => {
    const { open, consents } = await setUp({ recording: 'by_host' });
    expect((await open()).text).toContain('Do you agree?');
    expect((await open('fr')).text).toContain('Êtes-vous d’accord');
    expect(await consents()).toEqual([]);
    const unrecorded = await setUp({ recording: undefined });
    expect((await unrecorded.open()).text).not.toContain('name="consent"');
  });

  it('is asked of an agent, whose answer is recorded', async () => {
    const { open, say, consents } = await setUp({ facts: [agentAdded], invited: agent });
    expect((await open()).text).toContain('Do you agree?');
    expect((await say('given')).text).toContain('You agreed to be recorded.');
    expect(await consents()).toMatchObject([{ consent: 'given', origin: 'link', participant: agent }]);
  });

  it('is answered, changed and withdrawn, with the time and the link in the trail', async () => {
    const { say, consents, orchestration } = await setUp();
    expect((await say('refused')).text).toContain('You did not agree to be recorded.');
    expect((await say('given')).text).toContain('You agreed to be recorded.');
    const { status, text } = await say('refused');
    expect([status, text.includes('You did not agree to be recorded.')]).toEqual([200, true]);
    expect(await consents()).toMatchObject(
      ['refused', 'given', 'withdrawn'].map((consent) => ({
        consent,
        participant: performer,
        origin: 'link',
        revision: 1,
        when: now,
      })),
    );
    expect(orchestration.receivedCommands).toEqual([]);
  });

  it('is recorded once when the same answer is sent twice', async () => {
    const { say, consents } = await setUp();
    await say('given');
    await say('given');
    expect(await consents()).toHaveLength(1);
  });

  it('is stored in the inbox before the page answers, when it changes the recording', async () => {
    const { say, received } = await setUp({ facts: [meetingCreated()] });
    await say('given');
    await say('refused');
    expect(await received()).toEqual(['given', 'withdrawn']);
    const byHost = await setUp({ recording: 'by_host', facts: [meetingCreated([])] });
    await byHost.say('given');
    expect(await byHost.received()).toEqual([]);
    await byHost.say('refused');
    expect(await byHost.received()).toEqual(['withdrawn']);
  });

  it('reaches the audition when the API ends before it has recorded the answer', async () => {
    const { repositories } = database;
    const { say, received, consents } = await setUp({
      facts: [meetingCreated([]), consented('given')],
      repositories: {
        ...repositories,
        events: { ...repositories.events, append: () => Promise.reject(new Error('killed')) },
      },
    });
    expect((await say('refused')).status).toBe(500);
    expect(await received()).toEqual(['withdrawn']);
    expect(await consents()).toHaveLength(1);
  });

  it('is recorded each time that it changes, also under one correlation id', async () => {
    const { say, consents } = await setUp();
    for (const answer of ['given', 'refused', 'given', 'refused'])
      await say(answer, { 'x-correlation-id': 'one-for-all' });
    expect((await consents()).map(({ consent }) => consent)).toEqual([
      'given',
      'withdrawn',
      'given',
      'withdrawn',
    ]);
  });

  it.each<[string, Recorded]>([
    ['after the slot has begun', { at: '2027-03-01T10:00:00.000Z' }],
    ['after the session has begun', { facts: [{ type: 'session_started', origin: 'system' }] }],
  ])('cannot be answered %s', async (_, options) => {
    const { open, say, consents } = await setUp({ facts: [consented('given')], ...options });
    expect((await open()).text).not.toContain('name="consent"');
    expect((await say('refused')).status).toBe(409);
    expect((await consents()).filter(({ consent }) => consent !== 'given')).toEqual([]);
  });

  it('rejects another answer', async () => {
    const { say, consents } = await setUp();
    expect((await say('perhaps')).status).toBe(400);
    expect(await consents()).toEqual([]);
  });
});
