/** Tests what people correct, in the whole service: a decline, a closed outcome, the cast, the time. */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionView } from '../../domain/audition/view.ts';
import { type ApiClient, createApiClient, day, fullMinute, requestBody } from '../harness/api-client.ts';
import { expectedProviderState, providerState } from '../harness/consistency.ts';
import { eventually } from '../harness/eventually.ts';
import { readMails } from '../harness/mail-server.ts';
import { keys, type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
  await service.startWorker();
});
afterAll(() => service.close());

let used = 200;
/** Requests an audition with its own participants and day, and waits until it is scheduled. */
const scheduledAudition = async (policy: Record<string, string> = {}) => {
  used += 1;
  const n = used;
  const { id } = await platform.request(requestBody(n, (10 + n) * day, { policy }));
  const view = await platform.until(id, ({ state }) => state === 'scheduled');
  return { n, id, view };
};

/** Returns the links in the mails to the performer, the oldest first, once there are so many. */
const linksOf = async (n: number, count: number): Promise<readonly string[]> => {
  let links: readonly string[] = [];
  const haveArrived = async () => {
    const mails = await readMails(service.mailServer.apiUrl);
    links = mails
      .filter(({ to }) => to[0]?.address === `ada.${n}@performers.example`)
      .flatMap(({ text }) => /https?:\/\/\S+\/r\/\w+/.exec(text)?.[0] ?? []);
    return new Set(links).size >= count;
  };
  await eventually(haveArrived, 30_000, () => `Only these links arrived: ${links.join(', ')}`);
  return [...new Set(links)];
};

const say = async (link: string | undefined, answer: 'accepted' | 'declined') => {
  const response = await fetch(link ?? '', { method: 'POST', body: new URLSearchParams({ answer }) });
  return { status: response.status, text: await response.text() };
};

const answerOf = ({ participants }: AuditionView) =>
  participants.find(({ kind }) => kind === 'performer')?.answer;

const change = async (method: 'PUT' | 'DELETE', path: string, body?: object) => {
  const response = await fetch(`${service.url}/v1/auditions/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${keys.backend}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: await response.json() };
};

describe('a decline', () => {
  it('can be changed by the same link while it is not final', async () => {
    const { n, id } = await scheduledAudition({ declineGrace: 'PT10M' });
    const [link] = await linksOf(n, 1);
    expect((await say(link, 'declined')).text).toContain('You can change this answer until');
    expect((await platform.view(id)).state).toBe('scheduled');
    expect((await say(link, 'accepted')).status).toBe(200);
    expect(answerOf(await platform.until(id, (view) => answerOf(view) === 'accepted'))).toBe('accepted');
    await platform.command(id, 'cancel', {});
  });

  it('becomes final as soon as another audition takes the slot', async () => {
    const { n, id, view } = await scheduledAudition({ declineGrace: 'PT10M' });
    const [link] = await linksOf(n, 1);
    await say(link, 'declined');
    const other = await platform.request({ ...requestBody(n, 10 * day), slot: view.slot });
    await platform.until(id, ({ outcome }) => outcome === 'declined');
    expect(await say(link, 'accepted')).toMatchObject({ status: 409 });
    await platform.until(other.id, ({ state }) => state === 'scheduled');
    await platform.command(other.id, 'cancel', {});
  });

  it('that is final closes the audition, which can be reopened for a session', async () => {
    const { n, id, view } = await scheduledAudition({ declineGrace: 'PT0S' });
    const [link] = await linksOf(n, 1);
    const declined = await say(link, 'declined');
    expect(declined.text).toContain('This answer is final.');
    await platform.until(id, ({ outcome }) => outcome === 'declined');
    expect(await say(link, 'accepted')).toMatchObject({ status: 409 });

    const idempotencyKey = crypto.randomUUID();
    const reopen = () => platform.post(`/v1/auditions/${id}/reopen`, { to: 'session' }, { idempotencyKey });
    const [first, again] = await Promise.all([reopen(), reopen()]);
    expect([first, again]).toMatchObject([{ status: 200 }, { status: 200 }]);
    const revived = await platform.until(id, ({ state }) => state === 'scheduled');
    expect(revived.slot).toEqual(view.slot);
    expect(revived.revision).toBe(view.revision + 1);
    expect(revived.meeting?.provider).toBe('zoom');
    expect(revived.meeting?.id).not.toBe(view.meeting?.id);

    expect((await say(link, 'accepted')).text).toContain('The time has changed');
    const links = await linksOf(n, 2);
    expect((await say(links.at(-1), 'accepted')).text).toContain('You said yes.');
    expect(answerOf(await platform.view(id))).toBe('accepted');
    await platform.command(id, 'cancel', {});
  });
});

describe('a decision', () => {
  it('before the session can be corrected', async () => {
    const { id } = await scheduledAudition();
    expect(await platform.command(id, 'decide', { decision: 'released' })).toMatchObject({
      outcome: 'released',
    });
    const reopened = await platform.command(id, 'reopen', { to: 'decision' });
    expect(reopened.state).toBe('awaiting_decision');
    expect(reopened.outcome).toBeUndefined();
    expect(await platform.command(id, 'decide', { decision: 'booked' })).toMatchObject({
      outcome: 'booked',
    });
    expect(await platform.post(`/v1/auditions/${id}/reopen`, { to: 'session' })).toMatchObject({
      status: 409,
      body: { code: 'outcome_not_reopenable' },
    });
  });
});

describe('the cast', () => {
  it('changes with calendars and notices, except for the performer', async () => {
    const { n, id } = await scheduledAudition();
    const agent = {
      id: `agent-${n}`,
      kind: 'agent',
      name: 'Alan Agent',
      email: `alan.${n}@agents.example`,
      zone: 'Europe/Paris',
      channels: ['email'],
      required: false,
    };
    const added = await platform.command(id, 'participants', agent);
    expect(added.participants.map(({ id }) => id)).toContain(agent.id);
    await platform.until(id, ({ notices }) => notices.some(({ participant }) => participant === agent.id));
    expect(await platform.post(`/v1/auditions/${id}/participants`, agent)).toMatchObject({ status: 422 });

    const reader = { ...agent, id: `stand-in-${n}`, kind: 'reader', email: `rob.${n}@readers.example` };
    expect((await change('PUT', `${id}/participants/reader-${n}`, reader)).status).toBe(200);
    expect((await change('DELETE', `${id}/participants/${agent.id}`)).status).toBe(200);
    expect((await change('DELETE', `${id}/participants/performer-${n}`)).status).toBe(422);
    const { participants } = await platform.view(id);
    expect(participants.map(({ id }) => id).toSorted()).toEqual(
      [`director-${n}`, `performer-${n}`, reader.id].toSorted(),
    );
    await platform.command(id, 'cancel', {});
  });
});

describe('a reschedule', () => {
  it('to a window chooses a free slot, and to the present slot changes nothing', async () => {
    const { id, view } = await scheduledAudition();
    const earliest = fullMinute(Date.parse(view.slot?.start ?? '') + 7 * day);
    const slot = {
      earliest: new Date(earliest).toISOString(),
      latest: new Date(earliest + 2 * day).toISOString(),
      durationMinutes: 45,
      zone: 'Europe/Paris',
    };
    const moved = await platform.command(id, 'reschedule', { slot });
    expect(moved.revision).toBe(view.revision + 1);
    expect(Date.parse(moved.slot?.end ?? '') - Date.parse(moved.slot?.start ?? '')).toBe(45 * 60_000);
    const same = await platform.command(id, 'reschedule', { slot: moved.slot });
    expect(same.revision).toBe(moved.revision);
    await platform.command(id, 'cancel', {});
  });
});

const compared = async () => {
  // All others are undone: a decision before the slot makes the session needless.
  const views = (await platform.listAuditions()).filter(({ state }) => state !== 'closed');
  const [outside, expected] = [await providerState(service), expectedProviderState(views)];
  return [
    { meetings: outside.meetings, events: outside.events },
    { meetings: expected.meetings, events: expected.events },
  ] as const;
};

const agree = async () => isDeepStrictEqual(...(await compared()));

it('auditions agree with the providers after all these tests', async () => {
  await eventually(agree, 60_000, async () => JSON.stringify(await compared(), null, 1));
  expect(await agree()).toBe(true);
});
