/** Tests auditions in the whole service: API, Temporal, workers, PostgreSQL, client libraries and mail. */
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

/** Short deadlines, so that an operator is asked within the time of a test. */
const shortDeadlines = { stepPatience: 'PT4S', meetingPatience: 'PT2S' };
/** Returns a request with its own participants and day, so that the slots of tests do not overlap. */
let used = 0;
const next = (changes: object = {}, startsIn?: number) => {
  used += 1;
  return { n: used, body: requestBody(used, startsIn ?? (10 + used) * day, changes) };
};

const eventPage = z.object({ items: z.array(auditionEventSchema) });

/** Returns the IDs of the Zoom meetings that start at this time. The times of tests differ. */
const meetingsAt = (start: string | undefined): readonly string[] =>
  service.sandbox.control
    .state()
    .zoom.meetings.filter(({ start_time }) => new Date(start_time ?? '').toISOString() === start)
    .map(({ id }) => String(id));

describe('audition', () => {
  it('runs from request to decision', async () => {
    const { n, body } = next({ policy: { sessionOverrun: 'PT0S', checkInOpens: 'P30D' } });
    const requested = await platform.request(body);
    expect(requested.state).toBe('scheduling');
    const scheduled = await platform.untilNotified(requested.id);
    expect(scheduled.meeting?.provider).toBe('zoom');

    const mail = (await readMails(service.mailServer.apiUrl)).find(
      ({ to }) => to[0]?.address === `ada.${n}@performers.example`,
    );
    const link = /https?:\/\/\S+\/r\/\w+/.exec(mail?.text ?? '')?.[0] ?? '';
    const answer = await fetch(link, { method: 'POST', body: new URLSearchParams({ answer: 'accepted' }) });
    expect(answer.status).toBe(200);
    await platform.command(requested.id, 'respond', { participant: `director-${n}`, answer: 'accepted' });
    expect((await platform.view(requested.id)).state).toBe('confirmed');

    await platform.command(requested.id, 'check-in', { participant: `performer-${n}` });
    const handle = service.temporal.workflow.getHandle(`audition/${requested.id}`);
    const decided = await platform.command(requested.id, 'decide', { decision: 'booked' });
    expect(decided).toMatchObject({ state: 'closed', outcome: 'booked' });
    await handle.result();
    expect(await service.database.repositories.events.verify(requested.id)).toEqual({ ok: true });
  });

  it('is created once when the same request is sent 50 times simultaneously', async () => {
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

  it('fails with slot_taken and leaves nothing behind when another audition takes the slot', async () => {
    const { n, body } = next();
    const [first, second] = await Promise.all(
      [body, body].map((same) =>
        platform.post('/v1/auditions', same, { idempotencyKey: crypto.randomUUID() }),
      ),
    );
    expect(new Set([first?.status, second?.status])).toEqual(new Set([201, 409]));
    const lost = first?.status === 409 ? first : second;
    expect(lost?.body).toMatchObject({ code: 'slot_taken' });

    const isContender = ({ participants }: AuditionView) =>
      participants.some(({ id }) => id === `performer-${n}`);
    const contenders = (await platform.listAuditions()).filter(isContender);
    const [loser, winner] = contenders.toSorted((a) => (a.outcome === 'failed' ? -1 : 1));
    expect(contenders).toHaveLength(2);
    expect(loser).toMatchObject({ state: 'closed', outcome: 'failed', calendarEvents: [], notices: [] });
    expect(loser?.meeting).toBeUndefined();
    const scheduled = await platform.untilNotified(winner?.id ?? '');
    const holds = await service.database.pool.query(
      'SELECT DISTINCT audition_id FROM slot_holds WHERE resource = $1',
      [`participant:performer-${n}`],
    );
    expect(holds.rows).toEqual([{ audition_id: winner?.id }]);
    expect(meetingsAt(scheduled.slot?.start)).toEqual([scheduled.meeting?.id]);
    const { emails } = await providerState(service);
    expect(emails.filter((email) => email.startsWith(`ada.${n}@`))).toHaveLength(1);
  });

  it('undoes everything at the providers when it is cancelled', async () => {
    const { n, body } = next();
    const { id } = await platform.request(body);
    const { meeting } = await platform.untilNotified(id);
    await platform.command(id, 'cancel', { reason: 'the part is cut' });
    await service.temporal.workflow.getHandle(`audition/${id}`).result();
    const outside = await providerState(service);
    expect(outside.meetings).not.toContain(meeting?.id);
    expect(outside.emails.filter((email) => email.startsWith(`ada.${n}@`))).toHaveLength(2);
  });

  it('moves everything to another slot', async () => {
    const { n, body } = next();
    const { id } = await platform.request(body);
    await platform.untilNotified(id);
    const start = fullMinute(Date.now() + 200 * day);
    const slot = {
      start: new Date(start).toISOString(),
      end: new Date(start + 1_800_000).toISOString(),
      zone: 'America/New_York',
    };
    const moved = await platform.command(id, 'reschedule', { slot, reason: 'travel' });
    expect(moved).toMatchObject({ state: 'scheduled', revision: 2, slot: { start: slot.start } });
    await platform.untilNotified(id);
    const { zoom } = service.sandbox.control.state();
    const meeting = zoom.meetings.find(({ id: zoomId }) => String(zoomId) === moved.meeting?.id);
    expect(new Date(meeting?.start_time ?? '').toISOString()).toBe(slot.start);
    expect(
      (await providerState(service)).emails.filter((email) => email.startsWith(`ada.${n}@`)),
    ).toHaveLength(2);
  });
});

describe('audition when a provider fails', () => {
  it('has one meeting when the response to the first attempt is lost', async () => {
    service.sandbox.control.setFault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    const { id } = await platform.request(next().body);
    const { meeting, slot } = await platform.until(id, ({ state }) => state === 'scheduled');
    expect(meeting?.provider).toBe('zoom');
    expect(meetingsAt(slot?.start)).toEqual([meeting?.id]);
  });

  it('falls back to Meet while Zoom is down, and leaves no meeting at Zoom', async () => {
    service.sandbox.control.setFault('zoom', { kind: 'outage' });
    const { id } = await platform.request(next({ policy: { meetingPatience: 'PT2S' } }).body);
    const view = await platform.until(id, ({ state }) => state === 'scheduled');
    expect(view.meeting).toMatchObject({
      provider: 'google_meet',
      joinUrl: expect.stringMatching(/\/j\/[0-9A-Za-z]{17}$/),
    });
    service.sandbox.control.clearFaults();
    // When Zoom answers again, the meeting that it may have created is deleted. The trail records this.
    await eventually(async () => {
      const { items } = eventPage.parse((await platform.get(`/v1/auditions/${id}/events?limit=100`)).body);
      return items.some(({ fact }) => fact.type === 'compensated' && fact.step === 'the meeting on zoom');
    }, 60_000);
    expect(meetingsAt(view.slot?.start)).toEqual([]);
  });

  it.each([
    ['zoom and google', 'meetings.create', 'meeting'],
    ['google', 'events.insert', 'calendar_event'],
  ])(
    'asks the operator when %s fails permanently, and undoes everything on abort',
    async (_, operation, step) => {
      const vendor = operation.startsWith('meetings') ? 'zoom' : 'google';
      service.sandbox.control.setFault(vendor, { kind: 'outage', operation });
      if (vendor === 'zoom')
        service.sandbox.control.setFault('google', { kind: 'outage', operation: 'events.insert' });
      const { id } = await platform.request(next({ policy: shortDeadlines }).body);
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
        outside.events.filter((event) =>
          closed.calendarEvents.some(({ eventId }) => event.endsWith(eventId)),
        ),
      ).toEqual([]);
      expect(outside.meetings).not.toContain(closed.meeting?.id);
    },
  );
});

/** Returns whether the providers contain exactly what the running and booked auditions record. */
const isConsistent = async (): Promise<boolean> => {
  const views = (await platform.listAuditions()).filter(
    ({ outcome }) => outcome === undefined || outcome === 'booked',
  );
  const outside = await providerState(service);
  const expected = expectedProviderState(views);
  return isDeepStrictEqual(
    [outside.meetings, outside.events, outside.meetEvents],
    [expected.meetings, expected.events, expected.meetEvents],
  );
};

it('auditions agree with the providers after all these tests', async () => {
  await eventually(isConsistent, 60_000, async () => {
    const views = await platform.listAuditions();
    return JSON.stringify(
      { outside: await providerState(service), expected: expectedProviderState(views) },
      null,
      1,
    );
  });
  expect(await isConsistent()).toBe(true);
});
