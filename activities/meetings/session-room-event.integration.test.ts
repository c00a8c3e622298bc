/** A room of a casting session that is a conference of a calendar event. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { auditionOf, createBlock, slotAt } from '../../tests/harness/casting-day.ts';

const benchFor = useActivityHarness();

const setup = async () => {
  const bench = await benchFor();
  const block = await createBlock(bench);
  return { ...bench, block, ten: slotAt(block, '10:00'), ada: auditionOf(bench), ben: auditionOf(bench) };
};

/** Deletes the events of the office, as a person does in the calendar. */
const deleteEvents = async (bench: Awaited<ReturnType<typeof setup>>) => {
  const grant = await fetch(`${bench.publicUrl}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: 'sandbox-refresh-office@example.com',
      client_id: 'sandbox-google-client',
      client_secret: 'sandbox-google-secret',
    }),
  });
  const { access_token } = z.object({ access_token: z.string() }).parse(await grant.json());
  for (const { id } of eventsOf(bench)) {
    const deleted = await fetch(`${bench.publicUrl}/calendar/v3/calendars/primary/events/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect(deleted.status).toBe(204);
  }
};
const eventsOf = ({ state }: Awaited<ReturnType<typeof setup>>) =>
  state()
    .google.calendars.flatMap(({ events }) => events)
    .filter(({ status }) => status !== 'cancelled');

it('gets another conference when its event was deleted before it is extended, which outlives the former room', async () => {
  const bench = await setup();
  const { activities, ada, ben, block, ten, pool } = bench;
  const evening = slotAt(block, '18:00');
  const former = await ada.create(ten, 'google_meet');
  await deleteEvents(bench);
  const room = await ben.create(evening, 'google_meet');
  expect(room.id).not.toBe(former.id);
  expect(await ben.createAs(1, evening, 'google_meet')).toEqual(room);
  const { rows } = await pool.query(
    "SELECT kind FROM webhook_inbox WHERE kind = 'room.left' AND dedupe_key LIKE '%' || $1",
    [ada.auditionId],
  );
  expect(rows).toHaveLength(1);
  expect(await ada.create(ten, 'google_meet')).toEqual(room);
  await ada.leave(ten, [ada.keyOfMeeting('google_meet', 1)], 'google_meet');
  expect(eventsOf(bench)).toMatchObject([{ hangoutLink: room.joinUrl }]);
  const check = { provider: 'google_meet', meeting: room, slot: evening } as const;
  expect(await activities.checkMeeting({ ...ben.about, ...check })).toMatchObject({ status: 'present' });
  await ada.leave(ten, [ada.keyOfMeeting('google_meet', 2)], 'google_meet');
  await ben.leave(evening, [ben.keyOfMeeting('google_meet')], 'google_meet');
  expect(eventsOf(bench)).toEqual([]);
});

it('is in the calendar of the office without blocking its time, on Google Meet', async () => {
  const { ada, ten, state } = await setup();
  await ada.create(ten, 'google_meet');
  const events = state().google.calendars.flatMap((calendar) => calendar.events);
  expect(events).toMatchObject([{ transparency: 'transparent', end: { dateTime: expect.any(String) } }]);
});
