/** Tests rooms in the whole service: chosen from a list, kept free, booked, declined, replaced and freed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { RoomProviderName } from '../../domain/providers/vendors.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { organization, type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService({ calendarSync: true });
  platform = createApiClient(service);
  await service.startWorker();
});
afterAll(() => service.close());

const roomsSchema = z.object({ items: z.array(z.object({ email: z.string(), name: z.string() })) });

const vendors = {
  google: {
    account: 'rooms@castmatch.example',
    domain: 'resource.calendar.google.com',
    scopes: ['https://www.googleapis.com/auth/calendar.calendarlist.readonly'],
  },
  microsoft: {
    account: 'rooms@contoso.example',
    domain: 'contoso.example',
    scopes: ['Calendars.ReadWrite'],
  },
} as const;

/** Adds two rooms at the vendor, and the account that books them. */
const setUp = async (provider: RoomProviderName) => {
  const { account, domain, scopes } = vendors[provider];
  const { control } = service.sandbox;
  const connection = `conn_rooms_${provider}` as const;
  await service.database.repositories.connections.put({
    id: connection,
    organization,
    provider,
    account,
    refreshToken: `sandbox-refresh-${account}`,
    scopes,
  });
  for (const name of ['studio', 'attic']) {
    control.addRoom(provider, { email: `${name}@${domain}`, name, listedBy: [account] });
  }
  const roomIn = (name: 'studio' | 'attic') => ({
    room: name,
    roomCalendar: { provider, connection, email: `${name}@${domain}` },
  });
  /** Returns the guests of the events that the account shows in its calendar. */
  const guests = () =>
    provider === 'google'
      ? control
          .state()
          .google.calendars.filter(({ owner }) => owner === account)
          .flatMap(({ events }) => events.filter(({ status }) => status !== 'cancelled'))
          .flatMap(({ id, attendees = [] }) => attendees.map(({ email }) => ({ id, email })))
      : control
          .state()
          .microsoft.calendars.filter(({ owner }) => owner === account)
          .flatMap(({ events }) => events.filter(({ deleted }) => !deleted))
          .flatMap(({ immutableId: id, attendees }) =>
            attendees.map((guest) => ({
              id,
              email: z.object({ emailAddress: z.object({ address: z.string() }) }).parse(guest).emailAddress
                .address,
            })),
          );
  return { control, connection, roomIn, guests };
};

const isAnswered = (answer: string) => (view: AuditionView) => view.roomBooking?.answer === answer;

describe.each(['google', 'microsoft'] as const)('a room at %s', (provider) => {
  it('is booked by an audition, replaced after it has declined, and freed by the cancellation', async () => {
    const { control, connection, roomIn, guests } = await setUp(provider);
    const base = requestBody(provider === 'google' ? 1 : 2, 12 * day);
    const studio = roomIn('studio');
    const requested = await platform.request({
      ...base,
      meeting: undefined,
      slot: { ...base.slot, ...studio },
    });
    expect(requested.slot).toMatchObject(studio);
    await platform.untilNotified(requested.id);
    const booked = await platform.until(requested.id, isAnswered('accepted'));
    expect(booked.attention).toEqual([]);
    expect(guests().map(({ email }) => email)).toEqual([studio.roomCalendar.email]);

    // Another audition wants the room at the same time, under another name.
    const other = requestBody(provider === 'google' ? 3 : 4, 12 * day);
    const refused = await platform.post(
      '/v1/auditions',
      {
        ...other,
        meeting: undefined,
        participants: other.participants.map(({ calendar: _calendar, ...participant }) => participant),
        slot: { ...base.slot, ...studio, room: 'Big studio' },
      },
      { idempotencyKey: crypto.randomUUID() },
    );
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'slot_taken', conflict: { blockers: [{ kind: 'audition', room: true }] } },
    });

    control.answerRoom(provider, {
      room: studio.roomCalendar.email,
      eventId: guests()[0]?.id ?? '',
      answer: 'declined',
    });
    const asked = await platform.until(requested.id, ({ attention }) => attention.length === 1);
    expect(asked.attention[0]).toMatchObject({ step: 'calendar_conflict', code: 'room_declined' });

    const attic = roomIn('attic');
    await platform.command(requested.id, 'reschedule', { slot: { ...base.slot, ...attic } });
    const moved = await platform.until(requested.id, isAnswered('accepted'));
    expect(moved).toMatchObject({ revision: 2, slot: attic, attention: [] });
    expect(guests().map(({ email }) => email)).toEqual([attic.roomCalendar.email]);

    await platform.command(requested.id, 'cancel', {});
    await platform.until(requested.id, ({ state }) => state === 'closed');
    await expect.poll(() => guests(), { timeout: 30_000 }).toEqual([]);
    expect(moved.roomBooking?.connection).toBe(connection);
  });

  it('that is busy is left out of a search, and refuses the slot', async () => {
    const { control, roomIn } = await setUp(provider);
    const base = requestBody(provider === 'google' ? 5 : 6, 20 * day);
    const studio = roomIn('studio');
    const busy = { start: base.slot.start, end: base.slot.end };
    if (provider === 'google') control.addBusy({ account: studio.roomCalendar.email, ...busy });
    else {
      control.addOutlookEvent({
        account: studio.roomCalendar.email,
        start: busy.start.slice(0, -1),
        end: busy.end.slice(0, -1),
      });
    }
    const found = await platform.post('/v1/availability', {
      slot: {
        earliest: busy.start,
        latest: busy.end,
        durationMinutes: 15,
        zone: 'Europe/Paris',
        ...studio,
      },
      participants: [{ id: 'anybody', zone: 'Europe/Paris' }],
    });
    expect(found).toMatchObject({ status: 200, body: { slots: [] } });
    const refused = await platform.post(
      '/v1/auditions',
      { ...base, meeting: undefined, slot: { ...base.slot, ...studio } },
      { idempotencyKey: crypto.randomUUID() },
    );
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'slot_taken', conflict: { blockers: [{ kind: 'calendar_event', room: true }] } },
    });
  });
});

it('rooms are listed for an account that has consented to it, and the missing scope is named', async () => {
  const [google, microsoft] = [await setUp('google'), await setUp('microsoft')];
  const listed = await platform.get(`/v1/connections/${google.connection}/rooms`);
  expect(listed.status).toBe(200);
  expect(roomsSchema.parse(listed.body).items.map(({ name }) => name)).toEqual(['studio', 'attic']);
  expect(await platform.get(`/v1/connections/${microsoft.connection}/rooms`)).toMatchObject({
    status: 422,
    body: { code: 'scope_missing' },
  });
});
