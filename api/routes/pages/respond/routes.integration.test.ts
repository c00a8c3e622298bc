/** Tests the page that an invitation links to. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../../../domain/audition/events.ts';
import { Refusal } from '../../../../domain/errors.ts';
import { participantIdSchema } from '../../../../domain/ids.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { createResponseLinks } from '../../../../foundation/links/response-link.ts';
import { createTestApi, responseLinks } from '../../../../tests/harness/api.ts';
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
const now = '2026-11-24T09:00:00.000Z';

const moved = {
  type: 'slot_moved',
  slot: { start: '2027-03-02T10:00:00.000Z', end: '2027-03-02T10:30:00.000Z', zone: 'Europe/Paris' },
  revision: 2,
  origin: 'api',
} as const;
const newTime = 'Tuesday, 2 March 2027, 11:00–11:30 (Europe/Paris)';

/** A decline that can be changed until `finalAt`. */
const declinedUntil = (finalAt: Instant) =>
  ({ type: 'responded', participant: performer, answer: 'declined', origin: 'link', finalAt }) as const;
const declined = { type: 'declined', participant: performer } as const;
const inTime = '2026-11-24T09:15:00.000Z';

const reader = participantIdSchema.parse('reader-1');
const readerInvitation = { organization: 'org_north', participant: reader, revision: 1 } as const;
const removed = { type: 'participant_removed', participant: reader } as const;
/** The reader takes part: the same person as before, or another one. */
const replaced = (isSamePerson = false): AuditionFact => ({
  type: 'participant_added',
  participant: { id: reader, kind: 'reader', zone: 'Europe/Paris', required: true },
  ...(isSamePerson ? { isSamePerson } : { generation: 2 }),
});

const setup = async (...more: readonly AuditionFact[]) => {
  const test = await createTestApi(database, { now: () => now });
  const auditionId = newAuditionId();
  const events = trail([...factsUntilScheduled(auditionId, 'org_north'), ...more]);
  await storeEvents(database.repositories.events, auditionId, events);
  const invitation = { organization: 'org_north', auditionId, participant: performer, revision: 1 } as const;
  const token = responseLinks.token(invitation);
  /** Answers each update, and records facts as the workflow does. */
  const recordOnUpdate = (...facts: readonly AuditionFact[]) =>
    test.orchestration.override({
      sendUpdate: async () => {
        await storeEvents(
          database.repositories.events,
          auditionId,
          trail(facts, { from: events.length + 1 }),
        );
        return { kind: 'done', result: { sequence: events.length + facts.length } };
      },
    });
  recordOnUpdate();
  const open = (at = token, language = 'en-GB,en;q=0.9') =>
    test.call('GET', `/respond/${at}`, { headers: { 'accept-language': language } });
  const say = (answer: string, at = token) =>
    test.call('POST', `/respond/${at}`, {
      body: `answer=${answer}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  return { ...test, auditionId, invitation, token, open, say, recordOnUpdate };
};

describe('the invitation page', () => {
  it("shows the question with the time in the participant's time zone, and changes nothing", async () => {
    const { open, orchestration } = await setup();
    const { status, text, headers } = await open();
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("form-action 'self'"),
    });
    expect(text).toContain('Monday, 1 March 2027, 11:00–11:30 (Europe/Paris)');
    expect(text).toContain('Can you come?');
    expect(orchestration.receivedCommands).toEqual([]);
  });

  it('says that the audition is by video, at which provider, and how the link comes', async () => {
    const { open } = await setup();
    const { text } = await open();
    expect(text).toContain(
      '<dt>By video</dt><dd>Zoom. The link to join is in the messages that we send you.</dd>',
    );
    expect(text).not.toContain('zoom.test');
    expect((await open(undefined, 'fr-FR')).text).toContain(
      '<dt>En vidéo</dt><dd>Zoom. Le lien de connexion figure dans les messages que nous vous envoyons.</dd>',
    );
  });

  it('names no provider of a meeting that an operator has created', async () => {
    const meeting = { provider: 'manual', id: 'by-hand', joinUrl: 'https://by.hand.test/1' } as const;
    const { open } = await setup({ type: 'meeting_created', meeting });
    expect((await open()).text).toContain('<dd>Online. The link to join is');
    expect((await open(undefined, 'fr-FR')).text).toContain('<dd>En ligne. Le lien');
  });

  it('uses the language of the browser if it is supported', async () => {
    const { open } = await setup();
    expect((await open(undefined, 'fr-CA,fr;q=0.9,en;q=0.8')).text).toContain('Pouvez-vous venir');
    for (const unknown of ['ja', 'constructor', '__proto__', 'toString;q=1, fr-x']) {
      expect((await open(undefined, unknown)).text).toContain(
        unknown.includes('fr') ? 'Pouvez-vous venir' : 'Can you come?',
      );
    }
  });

  it('shows the current answer, and permits a change', async () => {
    const { open } = await setup({
      type: 'responded',
      participant: performer,
      answer: 'declined',
      origin: 'sms',
    });
    const { text } = await open();
    expect(text).toContain('You said no.');
    expect(text).toContain('<form');
  });
});

describe('an answer', () => {
  it.each(['accepted', 'declined'])('%s is sent to the workflow with the origin link', async (answer) => {
    const { say, orchestration, auditionId } = await setup();
    const { status, text } = await say(answer);
    expect(status).toBe(200);
    expect(text).toContain(answer === 'accepted' ? 'You said yes.' : 'You said no.');
    expect(orchestration.receivedCommands).toMatchObject([
      {
        id: auditionId,
        message: {
          name: 'respond',
          command: { origin: 'link', participant: performer, answer, revision: 1 },
        },
      },
    ]);
  });

  it('sent twice is recorded once', async () => {
    const { say, orchestration } = await setup({
      type: 'responded',
      participant: performer,
      answer: 'accepted',
      origin: 'link',
    });
    expect((await say('accepted')).text).toContain('You said yes.');
    expect(orchestration.receivedCommands).toEqual([]);
  });

  it.each([
    ['of another kind', 'answer=perhaps', 'application/x-www-form-urlencoded', 400],
    ['without a value', '', 'application/x-www-form-urlencoded', 400],
    ['that is not a form', 'answer', 'text/plain', 415],
    ['that is too long', `answer=${'x'.repeat(300_000)}`, 'application/x-www-form-urlencoded', 413],
  ])('%s is rejected with a page', async (_, body, type, status) => {
    const { call, token, orchestration } = await setup();
    const answer = await call('POST', `/respond/${token}`, { body, headers: { 'content-type': type } });
    expect(answer).toMatchObject({
      status,
      text: expect.stringContaining('We did not understand your answer'),
      headers: { 'content-type': 'text/html; charset=utf-8', 'x-correlation-id': expect.any(String) },
    });
    expect(orchestration.receivedCommands).toEqual([]);
  });

  it('that causes an internal error shows a page without details', async () => {
    const { say, orchestration } = await setup();
    orchestration.override({ sendUpdate: () => Promise.reject(new TypeError('x is not a function')) });
    const { status, text } = await say('accepted');
    expect(status).toBe(500);
    expect(text).toContain('Please try again');
    expect(text).not.toContain('function');
  });

  it('that the workflow refuses or does not receive shows a page', async () => {
    const { say, orchestration } = await setup();
    orchestration.override({ sendUpdate: () => Promise.reject(new Refusal('wrong_state', 'over', 'look')) });
    expect(await say('accepted')).toMatchObject({
      status: 409,
      text: expect.stringContaining('<h1>This audition can no longer'),
    });
    orchestration.override({
      sendUpdate: () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })),
    });
    expect(await say('accepted')).toMatchObject({
      status: 503,
      text: expect.stringContaining('Please try again'),
      headers: { 'retry-after': expect.any(String) },
    });
  });
});

describe('a decline', () => {
  it('can be changed until it is final, and the page says until when', async () => {
    const { open, say, orchestration } = await setup(declinedUntil(inTime));
    const { text } = await open();
    expect(text).toContain('You said no.');
    expect(text).toContain('until Tuesday, 24 November 2026, 10:15 (Europe/Paris)');
    expect(text).toContain('<form');
    expect((await open(undefined, 'fr')).text).toContain('mardi 24 novembre 2026, 10:15 (Europe/Paris)');
    expect((await say('accepted')).status).toBe(200);
    expect(orchestration.receivedCommands).toMatchObject([{ message: { command: { answer: 'accepted' } } }]);
  });

  it('says immediately until when it can be changed', async () => {
    const { say, recordOnUpdate } = await setup();
    recordOnUpdate(declinedUntil(inTime));
    const { status, text } = await say('declined');
    expect(status).toBe(200);
    expect(text).toContain('You can change this answer until Tuesday, 24 November 2026, 10:15');
  });

  it.each([
    ['slot_taken', 'This time is no longer free'],
    ['move_in_progress', 'Please try again in a minute'],
  ] as const)('whose change is refused with %s shows why', async (code, title) => {
    const { say, orchestration } = await setup(declinedUntil(inTime));
    orchestration.override({ sendUpdate: () => Promise.reject(new Refusal(code, 'No.', 'Write.')) });
    expect(await say('accepted')).toMatchObject({ status: 409, text: expect.stringContaining(title) });
  });

  it('without a period says immediately that it is final', async () => {
    const { say, recordOnUpdate } = await setup();
    recordOnUpdate(declinedUntil(now), declined);
    const { status, text } = await say('declined');
    expect(status).toBe(200);
    expect(text).toContain('This answer is final.');
    expect(text).not.toMatch(/<form|change this answer|answer again/);
  });

  it.each([
    ['that has closed the audition', [declinedUntil(inTime), declined]],
    ['whose period has passed', [declinedUntil('2026-11-24T08:59:59.000Z')]],
  ])('%s is final: the page names whom to ask, and takes no other answer', async (_, facts) => {
    const { open, say, orchestration } = await setup(...facts);
    const shown = await open();
    expect(shown.status).toBe(200);
    expect(shown.text).toContain('You said no.');
    expect(shown.text).toContain('please write to the casting office');
    expect(shown.text).not.toContain('<form');
    expect((await say('declined')).status).toBe(200);
    expect(await say('accepted')).toMatchObject({
      status: 409,
      text: expect.stringContaining('This answer is final.'),
    });
    expect(orchestration.receivedCommands).toEqual([]);
  });
});

describe('an audition whose slot is over', () => {
  it('accepts no answers, although nothing reported that its session took place', async () => {
    const { open, say, orchestration } = await setup({
      ...moved,
      slot: { start: '2026-11-24T08:00:00.000Z', end: now, zone: 'Europe/Paris' },
      revision: 1,
    });
    for (const answer of [await open(), await say('declined')]) {
      expect(answer).toMatchObject({
        status: 409,
        text: expect.stringContaining('can no longer be answered'),
      });
    }
    expect(orchestration.receivedCommands).toEqual([]);
  });
});

describe('a link of an invitation', () => {
  const forged = createResponseLinks([{ key: randomBytes(32) }]);

  it.each(['GET', 'POST'] as const)('that is forged shows an error (%s)', async (method) => {
    const { open, say, invitation, orchestration } = await setup();
    const token = forged.token(invitation);
    const answer = method === 'GET' ? await open(token) : await say('accepted', token);
    expect(answer).toMatchObject({ status: 404, text: expect.stringContaining('This link does not work') });
    expect(orchestration.receivedCommands).toEqual([]);
  });

  it('that is too long shows an error', async () => {
    const { open } = await setup();
    expect(await open('x'.repeat(5_000))).toMatchObject({
      status: 404,
      text: expect.stringContaining('This link does not work'),
    });
  });

  it('without a token shows an error', async () => {
    const { open } = await setup();
    expect(await open('')).toMatchObject({
      status: 404,
      text: expect.stringContaining('This link does not work'),
    });
  });

  it.each<[string, readonly AuditionFact[]]>([
    ['who was removed', [removed]],
    ['who was replaced by another one with the same id', [replaced()]],
    ['who was removed before another one got the same id', [removed, replaced()]],
  ])('of a person %s says so and records no answer', async (_, facts) => {
    const { open, say, orchestration, auditionId } = await setup(replaced(true), ...facts);
    const token = responseLinks.token({ ...readerInvitation, auditionId });
    for (const answer of [await open(token), await say('accepted', token)]) {
      expect(answer).toMatchObject({ status: 410, text: expect.stringContaining('no longer valid') });
      expect(answer.text).not.toContain('<form');
    }
    expect(orchestration.receivedCommands).toEqual([]);
  });

  it('of a person who has taken the id of another one is valid, also with other details', async () => {
    const { open, auditionId } = await setup(replaced(true), removed, replaced(), replaced(true));
    const token = responseLinks.token({ ...readerInvitation, auditionId, generation: 2 });
    expect(await open(token)).toMatchObject({ status: 200, text: expect.stringContaining('<form') });
  });

  it("for another organization's audition shows an error", async () => {
    const { open, invitation } = await setup();
    expect((await open(responseLinks.token({ ...invitation, organization: 'org_south' }))).status).toBe(404);
  });

  it.each(['GET', 'POST'] as const)(
    'of an earlier slot shows the present one and records no answer (%s)',
    async (method) => {
      for (const later of [[], [{ type: 'scheduled' }] as const]) {
        const { open, say, orchestration } = await setup(moved, ...later);
        const answer = method === 'GET' ? await open() : await say('accepted');
        expect(answer.status).toBe(409);
        expect(answer.text).toContain('The time has changed');
        expect(answer.text).toContain(newTime);
        expect(answer.text).not.toContain('<form');
        expect(orchestration.receivedCommands).toEqual([]);
      }
    },
  );

  it.each([
    ['with the present one', [moved], newTime],
    ['which is not recorded yet', [], 'The time has changed'],
  ])('whose slot moves while it is answered shows that, %s', async (_, facts, text) => {
    const { say, orchestration, auditionId } = await setup();
    orchestration.override({
      sendUpdate: async () => {
        await storeEvents(database.repositories.events, auditionId, trail(facts, { from: 7 }));
        throw new Refusal('answer_superseded', 'The slot has moved.', 'Use the new link.');
      },
    });
    const answer = await say('declined');
    expect(answer.status).toBe(409);
    expect(answer.text).toContain(text);
    expect(answer.text).not.toContain('1 March');
  });

  it('to a closed audition shows that it cannot be answered', async () => {
    const { open } = await setup({ type: 'cancelled', origin: 'api' });
    expect(await open()).toMatchObject({
      status: 409,
      text: expect.stringContaining('no longer be answered'),
    });
  });
});
