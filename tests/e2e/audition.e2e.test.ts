/** One audition through everything that is real: API, Temporal, workers, PostgreSQL, client libraries, mail. */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { auditionEventSchema } from '../../domain/audition/events.ts';
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

/** Impatient, so that giving up is seen within a test. */
const impatient = { stepPatience: 'PT4S', meetingPatience: 'PT2S' };
/** Each test has people, a day and so a slot of its own. */
let used = 0;
const next = (changes: object = {}, startsIn?: number) => {
  used += 1;
  return { n: used, body: requestBody(used, startsIn ?? (10 + used) * day, changes) };
};

const eventPage = z.object({ items: z.array(auditionEventSchema) });

/** The meetings that Zoom has at that time. Each test has a time of its own. */
const meetingsAt = (start: string | undefined): readonly string[] =>
  service.sandbox.control
    .state()
    .zoom.meetings.filter(({ start_time }) => new Date(start_time ?? '').toISOString() === start)
    .map(({ id }) => String(id));

describe('an audition', () => {
  it('goes from request to decision', async () => {
    const { n, body } = next({ policy: { sessionOverrun: 'PT0S', checkInOpens: 'P30D' } });
    const requested = await platform.request(body);
    expect(requested.state).toBe('scheduling');
    const scheduled = await platform.until(requested.id, ({ state }) => state === 'scheduled');
    expect(scheduled.meeting?.provider).toBe('zoom');

    const mail = (await readMails(service.mailServer.apiUrl)).find(
      ({ to }) => to[0]?.address === `ada.${n}@performers.example`,
    );
    const link = /https?:\/\/\S+\/respond\/[\w.-]+/.exec(mail?.text ?? '')?.[0] ?? '';
    const answer = await fetch(link, { method: 'POST', body: new URLSearchParams({ answer: 'accepted' }) });
    expect(answer.status).toBe(200);
    await platform.command(requested.id, 'respond', { participant: `director-${n}`, answer: 'accepted' });
    expect((await platform.view(requested.id)).state).toBe('confirmed');

    await platform.command(requested.id, 'check-in', { participant: `performer-${n}` });
    const handle = service.temporal.workflow.getHandle(`audition/${requested.id}`);
    await handle.signal('meetingEnded', { origin: 'system' });
    await platform.until(requested.id, ({ state }) => state === 'awaiting_decision');
    const decided = await platform.command(requested.id, 'decide', { decision: 'booked' });
    expect(decided).toMatchObject({ state: 'closed', outcome: 'booked' });
    await handle.result();
    expect(await service.database.repositories.events.verify(requested.id)).toEqual({ ok: true });
  });

  it('is made once, however often the same request is sent at once', async () => {
    const { body } = next();
    const idempotencyKey = crypto.randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => platform.post('/v1/auditions', body, { idempotencyKey })),
    );
    const ids = answers.map(({ body }) =>
      typeof body === 'object' && body && 'id' in body ? String(body.id) : JSON.stringify(body),
    );
    expect(new Set(ids).size).toBe(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    await platform.until(ids[0] ?? '', ({ state }) => state === 'scheduled');
  });

  it('loses a fight for a slot with a clear answer, and leaves nothing', async () => {
    const { n, body } = next();
    const [first, second] = await Promise.all(
      [body, body].map((same) =>
        platform.post('/v1/auditions', same, { idempotencyKey: crypto.randomUUID() }),
      ),
    );
    expect(new Set([first?.status, second?.status])).toEqual(new Set([201, 409]));
    const lost = first?.status === 409 ? first : second;
    expect(lost?.body).toMatchObject({ code: 'slot_taken' });

    const ofThisFight = ({ participants }: AuditionView) =>
      participants.some(({ id }) => id === `performer-${n}`);
    const fighters = (await platform.listAuditions()).filter(ofThisFight);
    const [loser, winner] = fighters.toSorted((a) => (a.outcome === 'failed' ? -1 : 1));
    expect(fighters).toHaveLength(2);
    expect(loser).toMatchObject({ state: 'closed', outcome: 'failed', calendarEvents: [], notices: [] });
    expect(loser?.meeting).toBeUndefined();
    const scheduled = await platform.until(winner?.id ?? '', ({ state }) => state === 'scheduled');
    const holders = await service.database.pool.query(
      'SELECT DISTINCT audition_id FROM slot_holds WHERE resource = $1',
      [`participant:performer-${n}`],
    );
    expect(holders.rows).toEqual([{ audition_id: winner?.id }]);
    expect(meetingsAt(scheduled.slot?.start)).toEqual([scheduled.meeting?.id]);
    const { emails } = await providerState(service);
    expect(emails.filter((email) => email.startsWith(`ada.${n}@`))).toHaveLength(1);
  });

  it('undoes everything outside when it is cancelled', async () => {
    const { n, body } = next();
    const { id } = await platform.request(body);
    const { meeting } = await platform.until(id, ({ state }) => state === 'scheduled');
    await platform.command(id, 'cancel', { reason: 'the part is cut' });
    await service.temporal.workflow.getHandle(`audition/${id}`).result();
    const outside = await providerState(service);
    expect(outside.meetings).not.toContain(meeting?.id);
    expect(outside.emails.filter((email) => email.startsWith(`ada.${n}@`))).toHaveLength(2);
  });

  it('moves everything to another slot', async () => {
    const { n, body } = next();
    const { id } = await platform.request(body);
    await platform.until(id, ({ state }) => state === 'scheduled');
    const start = fullMinute(Date.now() + 200 * day);
    const slot = {
      start: new Date(start).toISOString(),
      end: new Date(start + 1_800_000).toISOString(),
      zone: 'America/New_York',
    };
    const moved = await platform.command(id, 'reschedule', { slot, reason: 'travel' });
    expect(moved).toMatchObject({ state: 'scheduled', revision: 2, slot: { start: slot.start } });
    const { zoom } = service.sandbox.control.state();
    const meeting = zoom.meetings.find((one) => String(one.id) === moved.meeting?.id);
    expect(new Date(meeting?.start_time ?? '').toISOString()).toBe(slot.start);
    expect(
      (await providerState(service)).emails.filter((email) => email.startsWith(`ada.${n}@`)),
    ).toHaveLength(2);
  });
});

describe('when a provider fails', () => {
  it('makes one meeting though the answer of the first attempt was lost after its effect', async () => {
    service.sandbox.control.setFault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    const { id } = await platform.request(next().body);
    const { meeting, slot } = await platform.until(id, ({ state }) => state === 'scheduled');
    expect(meeting?.provider).toBe('zoom');
    expect(meetingsAt(slot?.start)).toEqual([meeting?.id]);
  });

  it('falls back to Meet while Zoom is down, and leaves no meeting at Zoom when it is back', async () => {
    service.sandbox.control.setFault('zoom', { kind: 'outage' });
    const { id } = await platform.request(next({ policy: { meetingPatience: 'PT2S' } }).body);
    const view = await platform.until(id, ({ state }) => state === 'scheduled');
    expect(view.meeting).toMatchObject({
      provider: 'google_meet',
      joinUrl: expect.stringMatching(/^https:/),
    });
    service.sandbox.control.clearFaults();
    // Whatever Zoom may have made is looked for and taken away once Zoom answers, and the trail says so.
    await eventually(async () => {
      const { items } = eventPage.parse((await platform.get(`/v1/auditions/${id}/events?limit=100`)).body);
      return items.some(({ fact }) => fact.type === 'compensated' && fact.step === 'the meeting on zoom');
    }, 60_000);
    expect(meetingsAt(view.slot?.start)).toEqual([]);
  });

  it.each([
    ['zoom and google', 'meetings.create', 'meeting'],
    ['google', 'events.insert', 'calendar_event'],
  ])('asks a person when %s fails for good, and undoes everything on abort', async (_, operation, step) => {
    const vendor = operation.startsWith('meetings') ? 'zoom' : 'google';
    service.sandbox.control.setFault(vendor, { kind: 'outage', operation });
    if (vendor === 'zoom')
      service.sandbox.control.setFault('google', { kind: 'outage', operation: 'events.insert' });
    const { id } = await platform.request(next({ policy: impatient }).body);
    const stuck = await platform.until(id, ({ attention }) => attention.some((item) => item.step === step));
    const listed = await platform.get('/v1/attention', keys.operator);
    expect(JSON.stringify(listed.body)).toContain(stuck.attention[0]?.id);
    service.sandbox.control.clearFaults();
    await platform.resolve(stuck.attention[0]?.id ?? '', { action: 'abort' });
    const closed = await platform.until(id, ({ state }) => state === 'closed');
    expect(closed.outcome).toBe('failed');
    await service.temporal.workflow.getHandle(`audition/${id}`).result();
    const outside = await providerState(service);
    expect(
      outside.events.filter((event) => closed.calendarEvents.some(({ eventId }) => event.endsWith(eventId))),
    ).toEqual([]);
    expect(outside.meetings).not.toContain(closed.meeting?.id);
  });
});

/** What is still wanted stands outside, and nothing else does. */
const agree = async (): Promise<boolean> => {
  const views = (await platform.listAuditions()).filter(
    ({ outcome }) => outcome === undefined || outcome === 'booked',
  );
  const outside = await providerState(service);
  const known = expectedProviderState(views);
  return isDeepStrictEqual(
    [outside.meetings, outside.events, outside.meetEvents],
    [known.meetings, known.events, known.meetEvents],
  );
};

it('agrees with the providers after all of this', async () => {
  await eventually(agree, 60_000, async () => {
    const views = await platform.listAuditions();
    return JSON.stringify(
      { outside: await providerState(service), known: expectedProviderState(views) },
      null,
      1,
    );
  });
  expect(await agree()).toBe(true);
});
