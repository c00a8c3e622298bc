/**
 * Tests a casting director who has chosen "Work" to be written and "Family" to count as busy, in the whole service: nothing
 * is booked in the family's time, and nothing is written to the family's calendar.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { connectToSandbox } from '../harness/google-sandbox.ts';
import { organization, type ServiceUnderTest, sandboxAccounts, startService } from '../harness/service.ts';

/** Temporal has one synchronization for each connection, and other files use the same server at the same time. */
const connections = {
  conn_director: `conn_${randomUUID()}`,
  conn_performer: `conn_${randomUUID()}`,
} as const;
const director = connections.conn_director;

const scope = 'https://www.googleapis.com/auth/calendar.calendarlist.readonly';

let service: ServiceUnderTest;
let platform: ApiClient;
let family: string;
let work: string;

const directorCalendar = () => connectToSandbox(service.sandbox.url, sandboxAccounts.conn_director).calendar;
const addCalendar = async (summary: string): Promise<string> =>
  (await directorCalendar().calendars.insert({ requestBody: { summary } })).data.id ?? '';

beforeAll(async () => {
  service = await startService({ calendarSync: true });
  platform = createApiClient(service);
  await service.startWorker();
  for (const name of ['conn_director', 'conn_performer'] as const) {
    const account = sandboxAccounts[name];
    await service.database.repositories.connections.put({
      id: connections[name],
      organization,
      provider: 'google',
      account,
      refreshToken: `sandbox-refresh-${account}`,
      scopes: [scope],
    });
  }
  [work, family] = [await addCalendar('Work'), await addCalendar('Family')];
  await platform.put(`/v1/connections/${director}/calendars`, { written: work, busy: [family] });
});
afterAll(() => service.close());

/** Returns a request whose casting director names the connection only. */
const requestWith = (n: number, startsIn: number) => {
  const body = requestBody(n, startsIn);
  const ofConnections: Readonly<Record<string, object>> = {
    conn_director: { provider: 'google', connection: director },
    conn_performer: { provider: 'google', connection: connections.conn_performer, calendarId: 'primary' },
  };
  const participants = body.participants.map((participant) => {
    const calendar = ofConnections[participant.calendar?.connection ?? ''];
    return calendar ? { ...participant, calendar } : participant;
  });
  return { ...body, participants };
};

const occupyFamily = ({ start, end }: { readonly start: string; readonly end: string }) =>
  directorCalendar().events.insert({
    calendarId: family,
    requestBody: { summary: 'School play', start: { dateTime: start }, end: { dateTime: end } },
  });

const ask = (body: object) => platform.post('/v1/auditions', body, { idempotencyKey: crypto.randomUUID() });

/** Returns the ids of the calendars that have an event which the person sees. */
const calendarsWithEvents = () =>
  service.sandbox.control
    .state()
    .google.calendars.filter(({ events }) => events.some(({ status }) => status !== 'cancelled'))
    .map(({ id }) => id);

it('the choice is shown in the list of calendars', async () => {
  const { body } = await platform.get(`/v1/connections/${director}/calendars`);
  expect(body).toMatchObject({
    items: [
      { calendarId: 'primary', isWritten: false, isBusy: false },
      { calendarId: work, name: 'Work', isWritten: true, isBusy: true },
      { calendarId: family, name: 'Family', isWritten: false, isBusy: true },
    ],
  });
});

it('an audition is written to the chosen calendar, and to no other of the account', async () => {
  const { id } = await platform.request(requestWith(801, 21 * day));
  await platform.until(id, ({ state }) => state === 'scheduled');
  expect(calendarsWithEvents()).toEqual(expect.arrayContaining([work]));
  expect(calendarsWithEvents()).not.toContain(family);
  expect(calendarsWithEvents()).not.toContain(sandboxAccounts.conn_director);
});

it('a slot in the time of the other calendar is refused, and avoided by a search in a window', async () => {
  const body = requestWith(802, 22 * day);
  await occupyFamily(body.slot);
  const refused = await ask(body);
  expect(refused).toMatchObject({ status: 409, body: { code: 'slot_taken' } });
  expect(JSON.stringify(refused.body)).not.toContain('School');

  const latest = new Date(Date.parse(body.slot.end) + 30 * 60_000).toISOString();
  const slot = { earliest: body.slot.start, latest, durationMinutes: 30, zone: body.slot.zone };
  const [, director] = body.participants;
  const free = await platform.post('/v1/availability', {
    slot,
    participants: [{ id: director?.id, zone: director?.zone, calendar: director?.calendar }],
  });
  expect(free).toMatchObject({ status: 200, body: { slots: [{ start: body.slot.end }] } });

  const allDay = { from: '00:00', until: '23:59' };
  const participants = body.participants.map((one) => ({ ...one, workingHours: allDay }));
  const found = await ask({ ...body, slot, participants });
  expect(found).toMatchObject({ status: 201, body: { slot: { start: body.slot.end } } });
});

it('a request that names no busy calendars on purpose may use the time of the other calendar', async () => {
  const body = requestWith(803, 23 * day);
  await occupyFamily(body.slot);
  const participants = body.participants.map((one) => ({ ...one, busyCalendars: [] }));
  expect((await ask({ ...body, participants })).status).toBe(201);
});

it('a casting director who is busy there cannot be added to an audition', async () => {
  const body = requestWith(804, 24 * day);
  const [performer, director] = body.participants;
  const { id } = await platform.request({ ...body, participants: [performer] });
  await platform.until(id, ({ state }) => state === 'scheduled');
  await occupyFamily(body.slot);
  expect(await platform.post(`/v1/auditions/${id}/participants`, { ...director })).toMatchObject({
    status: 409,
    body: { code: 'slot_taken' },
  });
});

it('an event that appears there after the booking is a question to the casting office', async () => {
  const body = requestWith(805, 25 * day);
  const { id } = await platform.request(body);
  await platform.until(id, ({ state }) => state === 'scheduled');
  await occupyFamily(body.slot);
  const { attention } = await platform.until(id, (view) => view.attention.length > 0);
  expect(attention).toMatchObject([{ step: 'calendar_conflict' }]);
});
