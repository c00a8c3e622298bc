/** Tests the waiting lists: the page of the join link, the list, and the admissions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../../../domain/audition/events.ts';
import type { JoinWindow } from '../../../../domain/audition/meeting.ts';
import { type AuditionId, participantIdSchema } from '../../../../domain/ids.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { createTestApi, joinLinkIds } from '../../../../tests/harness/api.ts';
import {
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
const director = participantIdSchema.parse('director-1');
const second = participantIdSchema.parse('performer-2');
const inWindow = (minutes: number): Instant => `2027-03-01T09:${minutes}:00.000Z`;
const window: JoinWindow = { opensBefore: 30 * 60_000, closesAfter: 15 * 60_000, admission: 'in_turn' };

const setup = async ({
  joinLinks = window,
  repositories,
}: {
  readonly joinLinks?: JoinWindow;
  /** Replaces the repositories of the API. */
  readonly repositories?: TestDatabase['repositories'];
} = {}) => {
  let now: Instant = inWindow(45);
  const test = await createTestApi(database, { now: () => now, ...(repositories && { repositories }) });
  const key = await test.keyFor('backend');
  // Each test has its own block.
  const block = `blk_${crypto.randomUUID()}` as const;
  /** Stores a scheduled audition in the block. */
  const schedule = async (isInBlock = true) => {
    const auditionId = newAuditionId();
    const facts = factsUntilScheduled(auditionId, 'org_north').map((fact): AuditionFact => {
      if (fact.type === 'requested') {
        const others = [
          { id: director, kind: 'casting_director', zone: 'Europe/Paris', required: true },
        ] as const;
        return { ...fact, joinLinks, participants: [...fact.participants, ...others] };
      }
      return fact.type === 'slot_held' && isInBlock ? { ...fact, slot: { ...fact.slot, block } } : fact;
    });
    const events = trail(facts);
    await storeEvents(database.repositories.events, auditionId, events);
    const linkOf = async (participant?: typeof performer) => {
      const request = { organization: 'org_north', auditionId, participant } as const;
      const [id = ''] = await database.repositories.joinLinks.issue([request], joinLinkIds);
      return id;
    };
    return {
      auditionId,
      linkOf,
      record: (...added: readonly AuditionFact[]) =>
        storeEvents(database.repositories.events, auditionId, trail(added, { from: events.length + 1 })),
    };
  };
  return {
    ...test,
    schedule,
    at: (instant: Instant) => {
      now = instant;
    },
    open: async (id: string) => (await test.call('GET', `/j/${id}`)).text,
    press: (id: string) => test.call('POST', `/j/${id}`),
    list: async (id: AuditionId) => test.call('GET', `/v1/auditions/${id}/waiting-list`, { key }),
    admit: (id: AuditionId, body: object = {}) =>
      test.call('POST', `/v1/auditions/${id}/admissions`, { key, body }),
    received: async (dedupeKey: string) => {
      const { rows } = await database.pool.query(
        'SELECT kind, duplicates FROM webhook_inbox WHERE dedupe_key = $1',
        [dedupeKey],
      );
      return rows;
    },
  };
};

const failIf = async <Result>(isFailing: boolean, work: () => Promise<Result>): Promise<Result> => {
  if (isFailing) throw new Error('the database does not respond');
  return work();
};

describe('a performer who is admitted in turn', () => {
  it('checks in, sees the place in the list, and joins after the admission', async () => {
    const { schedule, open, press, at, admit, received } = await setup();
    const [first, second] = [await schedule(), await schedule()];
    const [one, other] = [await first.linkOf(performer), await second.linkOf(performer)];
    expect(await open(one)).toContain('I am ready');
    const pressed = await press(one);
    expect([pressed.status, pressed.text.includes('You are next')]).toEqual([200, true]);
    at(inWindow(46));
    expect((await press(other)).text).toContain('You are number 2 in the list');
    expect(await open(other)).toContain('http-equiv="refresh"');
    // A second press neither joins nor changes the place.
    expect((await press(other)).text).toContain('You are number 2 in the list');
    expect(await received(`join:${one}:r1`)).toMatchObject([{ kind: 'link.joined' }]);

    expect((await admit(first.auditionId)).status).toBe(200);
    expect(await open(one)).toContain('It is your turn');
    expect(await press(one)).toMatchObject({ status: 302, headers: { location: 'https://zoom.test/j/1' } });
    expect(await open(other)).toContain('You are next');
  });

  it('is checked in before getting a place in the list, so that no place is without a check-in', async () => {
    const { repositories } = database;
    const failing = { inbox: false, list: false };
    const { schedule, press, list, received } = await setup({
      repositories: {
        ...repositories,
        inbox: {
          ...repositories.inbox,
          receive: (event) => failIf(failing.inbox, () => repositories.inbox.receive(event)),
        },
        waitingEntries: {
          ...repositories.waitingEntries,
          checkIn: (entry, at) => failIf(failing.list, () => repositories.waitingEntries.checkIn(entry, at)),
        },
      },
    });
    const { auditionId, linkOf } = await schedule();
    const link = await linkOf(performer);
    failing.inbox = true;
    expect((await press(link)).status).toBe(500);
    expect((await list(auditionId)).body).toEqual({ items: [] });
    failing.inbox = false;
    failing.list = true;
    expect((await press(link)).status).toBe(500);
    expect((await list(auditionId)).body).toEqual({ items: [] });
    expect(await received(`join:${link}:r1`)).toMatchObject([{ kind: 'link.joined', duplicates: 0 }]);
    failing.list = false;
    expect((await press(link)).text).toContain('You are next');
    expect(await received(`join:${link}:r1`)).toMatchObject([{ kind: 'link.joined', duplicates: 1 }]);
    // On the list, the performer is not checked in again.
    await press(link);
    expect(await received(`join:${link}:r1`)).toMatchObject([{ duplicates: 1 }]);
  });

  it('can be admitted before the check-in', async () => {
    const { schedule, admit, press } = await setup();
    const { auditionId, linkOf } = await schedule();
    expect((await admit(auditionId, { participant: performer })).body).toMatchObject({
      items: [{ audition: auditionId, participant: performer, admittedAt: inWindow(45) }],
    });
    expect((await press(await linkOf(performer))).status).toBe(302);
  });

  it('waits again when the audition has moved to another slot', async () => {
    const { schedule, admit, open, list } = await setup();
    const { auditionId, linkOf, record } = await schedule(false);
    await admit(auditionId);
    await record(
      {
        type: 'slot_moved',
        revision: 2,
        until: '2027-02-01T09:00:00.000Z',
        origin: 'api',
        slot: { start: '2027-03-01T10:00:00.000Z', end: '2027-03-01T10:30:00.000Z', zone: 'Europe/Paris' },
      },
      { type: 'scheduled' },
    );
    expect(await open(await linkOf(performer))).toContain('I am ready');
    expect((await list(auditionId)).body).toEqual({ items: [] });
  });
});

describe('the other links of such an audition', () => {
  it('lead the casting director to the meeting, and ask everyone else for the own link', async () => {
    const { schedule, open, press } = await setup();
    const { linkOf } = await schedule();
    expect((await press(await linkOf(director))).status).toBe(302);
    const shared = await linkOf();
    expect(await open(shared)).toContain('Please use your own link');
    expect((await press(shared)).status).toBe(200);
  });
});

describe('the waiting list', () => {
  it('contains the auditions of the session in the order of their check-in, then those who were admitted', async () => {
    const { schedule, press, at, list, admit } = await setup();
    const auditions = [await schedule(), await schedule(), await schedule()] as const;
    for (const [index, { linkOf }] of auditions.toReversed().entries()) {
      at(inWindow(40 + index));
      await press(await linkOf(performer));
    }
    const ids = auditions.map(({ auditionId }) => auditionId);
    await admit(auditions[2].auditionId);
    expect((await list(auditions[0].auditionId)).body).toMatchObject({
      items: [
        { audition: ids[1], place: 1, checkedInAt: inWindow(41) },
        { audition: ids[0], place: 2, checkedInAt: inWindow(42) },
        { audition: ids[2], checkedInAt: inWindow(40), admittedAt: inWindow(42) },
      ],
    });
  });

  it('leaves out auditions that were cancelled', async () => {
    const { schedule, press, list } = await setup();
    const [gone, other] = [await schedule(), await schedule()];
    await press(await gone.linkOf(performer));
    await press(await other.linkOf(performer));
    await gone.record({ type: 'cancelled', origin: 'api' });
    expect((await list(other.auditionId)).body).toMatchObject({
      items: [{ audition: other.auditionId, place: 1 }],
    });
  });

  it('is that of one audition without a session block', async () => {
    const { schedule, press, list } = await setup();
    const [one, other] = [await schedule(false), await schedule(false)];
    await press(await one.linkOf(performer));
    expect((await list(other.auditionId)).body).toEqual({ items: [] });
  });
});

describe('an admission', () => {
  it('is recorded once, with an administrative act, and reported to the audition', async () => {
    const { schedule, admit, received } = await setup();
    const { auditionId } = await schedule();
    await Promise.all([admit(auditionId), admit(auditionId)]);
    expect(await received(`admitted:${auditionId}:${performer}:r1`)).toEqual([
      { kind: 'performer.admitted', duplicates: 1 },
    ]);
    const { rows } = await database.pool.query('SELECT act FROM administrative_acts WHERE target = $1', [
      `${auditionId} ${performer}`,
    ]);
    expect(rows).toEqual([{ act: 'performer.admitted' }]);
  });

  it('is refused for a person who is no performer, and for an audition without admission', async () => {
    const test = await setup();
    const { auditionId } = await test.schedule();
    expect((await test.admit(auditionId, { participant: director })).body).toMatchObject({
      code: 'unknown_participant',
    });
    const open = await setup({ joinLinks: { opensBefore: 30 * 60_000, closesAfter: 15 * 60_000 } });
    const other = await open.schedule();
    expect((await open.admit(other.auditionId)).body).toMatchObject({ code: 'not_admitted_in_turn' });
    expect((await open.list(other.auditionId)).status).toBe(409);
    expect((await open.press(await other.linkOf(performer))).status).toBe(302);
  });

  it('needs a name when the audition has several performers, so that a repeated request admits no second one', async () => {
    const test = await setup();
    const { auditionId, record } = await test.schedule();
    const partner = { id: second, kind: 'performer', zone: 'Europe/Paris', required: true } as const;
    await record({ type: 'participant_added', participant: partner });
    expect((await test.admit(auditionId)).body).toMatchObject({
      code: 'unknown_participant',
      errors: [{ pointer: '/participant' }],
    });
    for (const repeated of [1, 2]) {
      const { status, body } = await test.admit(auditionId, { participant: second });
      expect([repeated, status, body]).toMatchObject([repeated, 200, { items: [{ participant: second }] }]);
    }
  });

  it('is refused for the auditions of another organization', async () => {
    const { schedule, call, keyFor } = await setup();
    const { auditionId } = await schedule();
    const key = await keyFor('backend', 'org_south');
    const answer = await call('POST', `/v1/auditions/${auditionId}/admissions`, { key, body: {} });
    expect(answer.body).toMatchObject({ code: 'audition_not_found' });
  });
});
