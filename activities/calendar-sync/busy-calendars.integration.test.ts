/** Tests conflicts that appear, after the booking, in a calendar that only counts as busy. */
import { describe, expect, it } from 'vitest';
import { ada, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';

const setUpSync = useCalendarSync();

const setup = async () => {
  const bench = await setUpSync();
  const { sandbox, account, repositories, auditionId, connection, write, sync } = bench;
  const owner = connectToSandbox(sandbox.url, account).calendar;
  const { data } = await owner.calendars.insert({ requestBody: { summary: 'Family' } });
  const calendarId = data.id ?? '';
  const family = {
    participant: ada,
    connection,
    provider: 'google',
    calendarId,
    calendarName: `google/${calendarId}`,
  } as const;
  const use = (calendars: readonly (typeof family)[]) =>
    repositories.busyCalendars.replace({ organization: 'org_1', auditionId }, calendars);
  await use([family]);
  await write(1, slot);
  await sync();
  const add = async (more: object = {}): Promise<string> => {
    const event = { start: { dateTime: slot.start }, end: { dateTime: slot.end }, ...more };
    return (await owner.events.insert({ calendarId, requestBody: event })).data.id ?? '';
  };
  const remove = (eventId: string) => owner.events.delete({ calendarId, eventId });
  const eventsIn = () =>
    sandbox.control
      .state()
      .google.calendars.find(({ id }) => id === calendarId)
      ?.events.filter(({ status }) => status !== 'cancelled');
  return { ...bench, family, use, add, remove, eventsIn };
};

const markOf = (auditionId: string) => ({
  id: eventIdFor(`aud_${auditionId.slice(4)}`),
  extendedProperties: { private: { castmatchReference: auditionId } },
});

describe('a calendar that only counts as busy', () => {
  it('is listed, and an event in the time of the slot is a conflict until it is gone', async () => {
    const { sync, kinds, sent, add, remove, auditionId } = await setup();
    expect(await sync()).toMatchObject({
      kind: 'synced',
      calendars: [{ state: 'in_sync' }, { state: 'in_sync' }],
    });
    const id = await add();
    await sync();
    await sync();
    expect(sent).toMatchObject([
      {
        audition: auditionId,
        change: { participant: ada, revision: 1, change: { kind: 'conflict', start: slot.start } },
      },
    ]);
    await remove(id);
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict_over']);
  });

  it('reports the event of another audition, and not that of the audition itself', async () => {
    const { sync, kinds, add, auditionId } = await setup();
    await add(markOf(auditionId));
    await sync();
    expect(kinds()).toEqual([]);
    await add(markOf('aud_another'));
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });

  it('keeps every event, also in a listing of all events', async () => {
    const { sync, add, eventsIn, auditionId, findings } = await setup();
    await add(markOf(auditionId));
    await sync({ reconcile: { isFirst: true, isDryRun: false } });
    await sync();
    expect(eventsIn()).toHaveLength(1);
    expect(findings).toEqual([]);
  });

  it('is forgotten with the last audition that uses it', async () => {
    const { sync, use, pool, connection } = await setup();
    await use([]);
    await sync();
    const { rows } = await pool.query('SELECT is_busy_only FROM synced_calendars WHERE connection = $1', [
      connection,
    ]);
    expect(rows).toEqual([{ is_busy_only: false }]);
  });
});
