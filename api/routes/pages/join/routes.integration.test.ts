/** Tests the page of a join link, and the routes that list and revoke links. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AuditionFact } from '../../../../domain/audition/events.ts';
import { participantIdSchema } from '../../../../domain/ids.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { createTestApi } from '../../../../tests/harness/api.ts';
import { agent, agentAdded } from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { storeJoinableAudition } from '../../../../tests/harness/joinable-audition.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const performer = participantIdSchema.parse('performer-1');
const meetingUrl = 'https://zoom.test/j/1';
const beforeCheckIn: Instant = '2027-03-01T09:29:59.000Z';
const inWindow: Instant = '2027-03-01T09:45:00.000Z';
const after: Instant = '2027-03-01T10:45:00.000Z';

const titles = { project: 'Night <Ferry>', role: 'The Captain' };

const setup = async ({
  facts = [] as readonly AuditionFact[],
  locale = undefined as string | undefined,
  recording = undefined as 'automatic' | 'by_host' | undefined,
} = {}) => {
  let now: Instant = inWindow;
  const test = await createTestApi(database, { now: () => now });
  const {
    auditionId,
    issue: issueLink,
    record,
  } = await storeJoinableAudition(database, { facts, recording });
  const issue = (participant?: typeof performer, language = locale) =>
    issueLink({ participant, locale: language, ...(participant && { titles }) });
  const key = await test.keyFor('backend');
  const read = async (path = '') => test.call('GET', `/v1/auditions/${auditionId}${path}`, { key });
  const received = async () => {
    const { rows } = await database.pool.query(
      "SELECT kind, dedupe_key, duplicates FROM webhook_inbox WHERE provider = 'castmatch' AND dedupe_key LIKE $1",
      [`join:%`],
    );
    return z.array(z.object({ kind: z.string(), dedupe_key: z.string(), duplicates: z.int() })).parse(rows);
  };
  return {
    ...test,
    auditionId,
    issue,
    key,
    read,
    received,
    at: (instant: Instant) => {
      now = instant;
    },
    open: (id: string, language = 'en') =>
      test.call('GET', `/j/${id}`, { headers: { 'accept-language': language } }),
    join: (id: string) =>
      test.call('POST', `/j/${id}`, { headers: { 'user-agent': 'Mozilla/5.0 (iPhone)' } }),
    record,
  };
};

describe('the page of a join link', () => {
  it('has a button in the window, changes nothing, and never states the address of the meeting', async () => {
    const { issue, open, received } = await setup();
    const id = await issue(performer);
    const { status, text, headers } = await open(id);
    expect([status, text.includes('<form method="post">')]).toEqual([200, true]);
    expect(text).not.toContain('zoom');
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("form-action 'self' https:"),
    });
    expect((await received()).filter(({ dedupe_key }) => dedupe_key.includes(id))).toEqual([]);
  });

  it("says before the window when it opens, in the participant's language and zone", async () => {
    const { issue, open, at, join } = await setup({ locale: 'fr-FR' });
    at(beforeCheckIn);
    const id = await issue(performer);
    const { status, text } = await open(id);
    expect([status, text.includes('lundi 1 mars 2027, 10:30 (Europe/Paris)')]).toEqual([200, true]);
    expect(text).not.toContain('<form');
    expect((await join(id)).status).toBe(200);
  });

  it.each([
    ['before the window', beforeCheckIn],
    ['in the window', inWindow],
  ])('states the role, the project, the time and the office %s', async (_, instant) => {
    const { issue, open, at } = await setup({ locale: 'en' });
    await database.repositories.organizations.put({
      id: 'org_north',
      name: 'North Casting',
      meetingProviders: ['zoom'],
    });
    at(instant);
    const personal = await open(await issue(performer));
    for (const text of ['The Captain', 'Night &lt;Ferry&gt;', 'North Casting']) {
      expect(personal.text).toContain(text);
    }
    expect(personal.text).toContain('Monday, 1 March 2027, 11:00–11:30 (Europe/Paris)');
    // The link of the audition was issued without titles.
    expect((await open(await issue())).text).toContain('The Captain');
  });

  it('stores the titles unreadably, and does without them when they cannot be decrypted', async () => {
    const { issue, open } = await setup();
    const id = await issue(performer);
    const { rows } = await database.pool.query('SELECT sealed_titles FROM join_links WHERE id = $1', [id]);
    expect(rows).toEqual([{ sealed_titles: expect.not.stringContaining('Captain') }]);
    await database.pool.query("UPDATE join_links SET sealed_titles = 'v1.AAAA' WHERE id = $1", [id]);
    const { status, text } = await open(id);
    expect([status, text.includes('<form method="post">')]).toEqual([200, true]);
  });

  it('adds the titles to a link that the API has issued without them', async () => {
    const { issue, open, read } = await setup();
    await read();
    const id = await issue(performer);
    expect((await open(id)).text).toContain('The Captain');
    expect(await issue(performer)).toBe(id);
  });

  it('says before the window that the audition was moved, and to when', async () => {
    const { issue, open, record } = await setup({ locale: 'en' });
    const id = await issue(performer);
    const slot = {
      start: '2027-03-02T10:00:00.000Z',
      end: '2027-03-02T10:30:00.000Z',
      zone: 'Europe/Paris',
    } as const;
    await record({ type: 'slot_moved', slot, revision: 2, origin: 'api' });
    const { text } = await open(id);
    expect(text).toContain('The time has changed.');
    expect(text).toContain('Tuesday, 2 March 2027, 11:00–11:30 (Europe/Paris)');
    expect(text).not.toContain('<form');
  });

  it('redirects to the meeting without a referrer, and checks the participant in once', async () => {
    const { issue, join, received } = await setup();
    const id = await issue(performer);
    const first = await join(id);
    expect([first.status, first.headers]).toMatchObject([
      302,
      { location: meetingUrl, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
    ]);
    await join(id);
    const events = (await received()).filter(({ dedupe_key }) => dedupe_key === `join:${id}:r1`);
    expect(events).toEqual([{ kind: 'link.joined', dedupe_key: `join:${id}:r1`, duplicates: 1 }]);
  });

  it("leads to the registrant's own address of the present meeting, until the link is revoked", async () => {
    const { issue, join, auditionId, call, key, record } = await setup();
    const id = await issue(performer);
    const { registrants } = database.repositories;
    const registration = { auditionId, meetingId: '1', participant: performer, link: id } as const;
    await registrants.begin(registration);
    expect((await join(id)).headers).toMatchObject({ location: meetingUrl });
    await registrants.complete(registration, { id: 'reg-1', joinUrl: 'https://zoom.test/w/1?tk=t' });
    expect((await join(id)).headers).toMatchObject({ location: 'https://zoom.test/w/1?tk=t' });
    const other = await issue();
    expect((await join(other)).headers).toMatchObject({ location: meetingUrl });
    await record({
      type: 'meeting_created',
      meeting: { provider: 'google_meet', id: '2', joinUrl: 'https://meet.test/2' },
    });
    expect((await join(id)).headers).toMatchObject({ location: 'https://meet.test/2' });
    for (let times = 0; times < 2; times += 1)
      await call('DELETE', `/v1/auditions/${auditionId}/join-links/${id}`, { key });
    expect((await join(id)).status).toBe(404);
    const { rows } = await database.pool.query(
      'SELECT kind, duplicates FROM webhook_inbox WHERE dedupe_key = $1',
      [`revoked:${id}`],
    );
    expect(rows).toEqual([{ kind: 'link.revoked', duplicates: 1 }]);
  });

  it('follows the audition to another provider under the same address', async () => {
    const { issue, join, record } = await setup();
    const id = await issue(performer);
    await record(
      { type: 'meeting_lost', meeting: { provider: 'zoom', id: '1', joinUrl: meetingUrl }, reason: 'outage' },
      {
        type: 'meeting_created',
        meeting: { provider: 'google_meet', id: '2', joinUrl: 'https://meet.test/2' },
      },
    );
    expect(await issue(performer)).toBe(id);
    expect((await join(id)).headers).toMatchObject({ location: 'https://meet.test/2' });
  });

  it('states the telephone number of the meeting', async () => {
    const { issue, open } = await setup({
      facts: [
        {
          type: 'meeting_created',
          meeting: { provider: 'zoom', id: '1', joinUrl: meetingUrl, dialIn: '+33 1 23 45 67 89, 4711#' },
        },
      ],
    });
    expect((await open(await issue(performer))).text).toContain('+33 1 23 45 67 89, 4711#');
  });

  it('loads again by itself while another meeting is being created', async () => {
    const meeting = { provider: 'zoom', id: '1', joinUrl: meetingUrl } as const;
    const { issue, open, join } = await setup({
      facts: [{ type: 'meeting_lost', meeting, reason: 'outage' }],
    });
    const id = await issue(performer);
    expect((await open(id)).text).toContain('http-equiv="refresh"');
    expect((await join(id)).status).toBe(200);
  });

  it('states how the audition takes place when no provider can make a meeting', async () => {
    const meeting = { provider: 'zoom', id: '1', joinUrl: meetingUrl } as const;
    const { issue, open } = await setup({
      facts: [
        { type: 'meeting_lost', meeting, reason: 'outage' },
        { type: 'backup_announced', revision: 1 },
      ],
    });
    await database.repositories.organizations.put({
      id: 'org_north',
      name: 'North',
      meetingProviders: ['zoom'],
      meetingBackup: { phone: '+33 1 23 45 67 89, code 4711' },
    });
    expect((await open(await issue(performer))).text).toContain('+33 1 23 45 67 89, code 4711');
  });

  it('says that the audition is over after the window', async () => {
    const { issue, open, at, join } = await setup();
    const id = await issue(performer);
    at(after);
    const { status, text } = await open(id);
    expect(status).toBe(410);
    expect(text).not.toMatch(/Captain|Ferry|2027/);
    expect((await join(id)).status).toBe(410);
  });

  it('is the same 404 for unknown, altered, malformed and revoked links, and for a closed audition', async () => {
    const { issue, open, join, call, key, auditionId, record } = await setup({ locale: 'fr' });
    const id = await issue(performer);
    const shared = await issue();
    const { status, text } = await open('23456789ABCDEFGHJ');
    expect(status).toBe(404);
    expect(text).toContain('write to the casting office');
    expect(text).not.toMatch(/Captain|Ferry|2027/);
    const altered = `${id.slice(0, -1)}${id.endsWith('z') ? 'y' : 'z'}`;
    for (const other of [altered, `${id}z`, '-', '%00', 'x'.repeat(300)]) {
      expect((await open(other)).text).toBe(text);
    }
    const revoked = await call('DELETE', `/v1/auditions/${auditionId}/join-links/${id}`, { key });
    expect(revoked.status).toBe(204);
    expect(await open(id)).toMatchObject({ status: 404, text });
    expect((await join(id)).status).toBe(404);
    await record({ type: 'cancelled', origin: 'api' });
    expect(await open(shared)).toMatchObject({ status: 404, text });
  });

  it('of the audition leads to the meeting and records no check-in', async () => {
    const { issue, join, received } = await setup();
    const id = await issue();
    expect((await join(id)).headers).toMatchObject({ location: meetingUrl });
    expect((await received()).filter(({ dedupe_key }) => dedupe_key.includes(id))).toEqual([]);
  });
});

const audition = z.object({
  meeting: z.object({ joinUrl: z.string() }),
  participants: z.array(z.object({ joinUrl: z.string().optional() })),
});
const links = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      url: z.string(),
      participant: z.string().optional(),
      revokedAt: z.string().optional(),
      uses: z.array(z.object({ device: z.string(), network: z.string(), revision: z.int() })),
    }),
  ),
});

describe('the answers of the API', () => {
  it("state each participant's own link, and the link of the audition for the meeting", async () => {
    const { issue, read } = await setup();
    const { status, body, text } = await read();
    expect(status).toBe(200);
    const { meeting, participants } = audition.parse(body);
    const base = 'https://auditions.example.com/j';
    expect(participants).toEqual([{ joinUrl: `${base}/${await issue(performer)}` }]);
    expect(meeting.joinUrl).toBe(`${base}/${await issue()}`);
    expect(text).not.toContain(meetingUrl);
  });

  it('state no link for the participants of a closed audition', async () => {
    const { read } = await setup({ facts: [{ type: 'cancelled', origin: 'api' }] });
    expect(audition.parse((await read()).body).participants).toEqual([{}]);
  });

  it('list the links with who used them, and a new link after one was revoked', async () => {
    const { issue, read, join, call, key, auditionId } = await setup();
    const id = await issue(performer);
    await join(id);
    await join(id);
    const before = links.parse((await read('/join-links')).body).items;
    expect(before).toMatchObject([
      { id, participant: performer, uses: [{ device: 'phone', revision: 1 }, { device: 'phone' }] },
      { url: expect.stringContaining('/j/') },
    ]);
    await call('DELETE', `/v1/auditions/${auditionId}/join-links/${id}`, { key });
    const next = await issue(performer);
    expect(next).not.toBe(id);
    const ofPerformer = links
      .parse((await read('/join-links')).body)
      .items.filter(({ participant }) => participant === performer);
    expect(ofPerformer.map((link) => [link.id, link.revokedAt === undefined])).toEqual([
      [id, false],
      [next, true],
    ]);
  });

  it("do not reveal or revoke another organization's links", async () => {
    const { issue, call, keyFor, auditionId, open } = await setup();
    const id = await issue(performer);
    const other = await keyFor('backend', 'org_south');
    expect((await call('GET', `/v1/auditions/${auditionId}/join-links`, { key: other })).status).toBe(404);
    const path = `/v1/auditions/${auditionId}/join-links/${id}`;
    expect((await call('DELETE', path, { key: other })).status).toBe(404);
    expect((await open(id)).status).toBe(200);
  });

  it('issue one link when it is requested simultaneously', async () => {
    const { issue } = await setup();
    const ids = await Promise.all(Array.from({ length: 8 }, () => issue(performer)));
    expect(new Set(ids).size).toBe(1);
  });
});

const sayConsent = async ({ call }: Awaited<ReturnType<typeof setup>>, id: string, consent: string) =>
  call('POST', `/j/${id}`, {
    body: `consent=${consent}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'en' },
  });
const consentsOf = async ({ auditionId }: Awaited<ReturnType<typeof setup>>) =>
  (await database.repositories.events.read('org_north', auditionId, { after: 0, limit: 100 })).flatMap(
    ({ fact }) => (fact.type === 'recording_consented' ? [fact] : []),
  );

describe('the question about the recording on the page of a join link', () => {
  it('is asked in the language of the participant, and answered without joining', async () => {
    const test = await setup({ recording: 'by_host', locale: 'fr' });
    const id = await test.issue(performer);
    expect((await test.open(id)).text).toContain('Êtes-vous d’accord');
    const { status, text } = await sayConsent(test, id, 'given');
    expect([status, text.includes('Vous avez accepté')]).toEqual([200, true]);
    await sayConsent(test, id, 'refused');
    expect(await consentsOf(test)).toMatchObject([
      { consent: 'given', origin: 'link', revision: 1, participant: performer },
      { consent: 'withdrawn', origin: 'link' },
    ]);
    expect((await test.received()).filter(({ dedupe_key }) => dedupe_key.includes(id))).toEqual([]);
  });

  it('is asked on the link of an agent', async () => {
    const test = await setup({ recording: 'automatic', facts: [agentAdded] });
    const id = await test.issue(agent);
    expect((await test.open(id)).text).toContain('name="consent"');
    await sayConsent(test, id, 'given');
    expect(await consentsOf(test)).toMatchObject([{ consent: 'given', origin: 'link', participant: agent }]);
  });

  it('lets a participant who has consented withdraw during the session, and nobody consent then', async () => {
    const test = await setup({ recording: 'automatic' });
    const id = await test.issue(performer);
    await sayConsent(test, id, 'given');
    test.at('2027-03-01T10:05:00.000Z');
    const page = (await test.open(id)).text;
    expect([page.includes('value="given"'), page.includes('value="refused"')]).toEqual([false, true]);
    await sayConsent(test, id, 'given');
    expect(await consentsOf(test)).toMatchObject([{ consent: 'given' }]);
    await sayConsent(test, id, 'refused');
    expect(await consentsOf(test)).toMatchObject([
      { consent: 'given' },
      { consent: 'withdrawn', origin: 'link' },
    ]);
    expect((await test.open(id)).text).not.toContain('name="consent"');
    await sayConsent(test, id, 'given');
    expect(await consentsOf(test)).toHaveLength(2);
  });

  it('is not asked on the link of the audition, without a recording, and after the start', async () => {
    const test = await setup({ recording: 'automatic' });
    expect((await test.open(await test.issue())).text).not.toContain('name="consent"');
    const unrecorded = await setup();
    expect((await unrecorded.open(await unrecorded.issue(performer))).text).not.toContain('name="consent"');
    const id = await test.issue(performer);
    test.at('2027-03-01T10:00:00.000Z');
    expect((await test.open(id)).text).not.toContain('name="consent"');
    expect((await sayConsent(test, id, 'given')).status).toBe(200);
    expect(await consentsOf(test)).toEqual([]);
  });
});
