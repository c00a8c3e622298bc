/** The page of a short link: in the language of the participant, with what the audition is. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { participantIdSchema } from '../../../../domain/ids.ts';
import { createResponseLinkIds } from '../../../../foundation/links/response-link.ts';
import { createTestApi, responseLinkIds } from '../../../../tests/harness/api.ts';
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

const organization = 'org_short';
const participant = participantIdSchema.parse('performer-1');
const now = '2026-11-24T09:00:00.000Z';
const titles = { project: 'Night Ferry', role: 'The <Captain>' };

/** An audition at a place whose clock differs from the participant's in Paris. */
const setup = async ({ locale = 'en-GB', zone = 'America/New_York' } = {}) => {
  const test = await createTestApi(database, { now: () => now });
  const { organizations, responseLinks, events } = database.repositories;
  await organizations.put({ id: organization, name: 'North Casting', meetingProviders: ['zoom'] });
  const auditionId = newAuditionId();
  const facts = factsUntilScheduled(auditionId, organization).map((fact) =>
    fact.type === 'slot_held' ? { ...fact, slot: { ...fact.slot, zone, room: 'Studio 2, Pier 9' } } : fact,
  );
  await storeEvents(events, auditionId, trail(facts));
  const invitation = { organization, auditionId, participant, revision: 1 } as const;
  const issue = (ids = responseLinkIds, language = locale) =>
    responseLinks.issue({ invitation, locale: language, titles }, ids);
  const id = await issue();
  const open = (at = id) => test.call('GET', `/r/${at}`, { headers: { 'accept-language': 'en-GB' } });
  const answer = (said: string, at = id) =>
    test.call('POST', `/r/${at}`, {
      body: `answer=${said}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  return { ...test, auditionId, id, issue, open, answer };
};

describe('the page of a short link', () => {
  it('names role, project, both times, the place and the office', async () => {
    const { open } = await setup();
    const { status, text } = await open();
    expect(status).toBe(200);
    for (const fact of [
      '<dd>The &lt;Captain&gt;</dd>',
      '<dd>Night Ferry</dd>',
      'Monday, 1 March 2027, 11:00–11:30 (Europe/Paris)',
      '<dt>Time at the place</dt><dd>Monday, 1 March 2027, 05:00–05:30 (America/New_York)</dd>',
      '<dd>Studio 2, Pier 9</dd>',
      '<dt>Casting office</dt><dd>North Casting</dd>',
    ]) {
      expect(text).toContain(fact);
    }
  });

  it.each([
    ['en', 'Monday, 1 March 2027, 11:00'],
    ['en-US', 'Monday, March 1, 2027, 11:00'],
    ['fr', 'lundi 1 mars 2027, 11:00'],
    ['de', 'Monday, 1 March 2027, 11:00'],
  ])('writes dates as a participant of the locale %s reads them', async (locale, time) => {
    const { open } = await setup({ locale });
    expect((await open()).text).toContain(time);
  });

  it('shows one time when the clocks are the same', async () => {
    const { open } = await setup({ zone: 'Europe/Rome' });
    expect((await open()).text).not.toContain('Time at the place');
  });

  it('is in the language of the participant, not in that of the browser', async () => {
    const { open } = await setup({ locale: 'fr-CA' });
    const { text } = await open();
    expect(text).toContain('<html lang="fr">');
    expect(text).toContain('Pouvez-vous venir');
    expect(text).toContain('<dt>Lieu</dt>');
  });

  it('records the answer of the participant', async () => {
    const { answer, orchestration, auditionId } = await setup();
    orchestration.override({ sendUpdate: async () => ({ kind: 'done', result: { sequence: 9 } }) });
    const { status, text } = await answer('accepted');
    expect(status).toBe(200);
    expect(text).toContain('You said yes.');
    expect(orchestration.receivedCommands).toMatchObject([
      {
        id: auditionId,
        message: {
          name: 'respond',
          command: { origin: 'link', participant, answer: 'accepted', revision: 1 },
        },
      },
    ]);
  });

  it('keeps its address when the language changes, and stays valid when the key of the service changes', async () => {
    const { id, issue, open } = await setup();
    expect(await issue(responseLinkIds, 'fr')).toBe(id);
    const later = await issue(createResponseLinkIds([{ key: randomBytes(32) }]), 'fr');
    expect(later).not.toBe(id);
    for (const one of [id, later]) expect((await open(one)).text).toContain('Pouvez-vous venir');
  });

  it.each(['', 'x', 'aaaaaaaaaaaaaaaaa', 'a'.repeat(23), "1'--", 'a.b'])(
    'is not found for the id "%s"',
    async (id) => {
      const { open, answer } = await setup();
      for (const { status, text } of [await open(id), await answer('accepted', id)]) {
        expect(status).toBe(404);
        expect(text).not.toContain('Night Ferry');
      }
    },
  );
});
