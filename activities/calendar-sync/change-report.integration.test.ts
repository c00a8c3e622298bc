import { describe, expect, it } from 'vitest';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { createChangeReport } from './change-report.ts';

const setup = useCalendarSync();

const setupTrail = async () => {
  const bench = await setup();
  const { repositories, auditionId } = bench;
  return {
    ...bench,
    changesOnTrail: async () =>
      (await repositories.events.read('org_1', auditionId, { after: 0, limit: 100 })).flatMap(({ fact }) =>
        fact.type === 'calendar_changed' ? [fact] : [],
      ),
  };
};

const millisecondsAfter = (instant: Instant, ms: number): Instant => toInstant(toEpochMs(instant) + ms);

it('a move beyond the limits of a slot says which one it exceeds', async () => {
  const { write, sync, person, sent } = await setup();
  await write(1, slot);
  await sync();
  await person.move(slot.start, '2031-07-04T10:00:00.000Z');
  await sync();
  await person.move('2100-07-01T10:00:00.000Z', '2100-07-01T10:30:00.000Z');
  await sync();
  expect(sent.map(({ change: { change } }) => change)).toMatchObject([
    { kind: 'moved', exceeds: 'slot_too_long' },
    { kind: 'moved', exceeds: 'slot_too_far_ahead' },
  ]);
});

describe('an event of ours', () => {
  it('never echoes: not when it is written, moved, written again or removed by the audition', async () => {
    const { sync, write, activities, about, key, calendar, sent } = await setup();
    await write(1, slot);
    await sync();
    await write(2, later);
    await sync();
    await write(2, later, ':again');
    await sync();
    await activities.removeEvent({ ...about, keys: [key('event:ada:r2:again')], calendar });
    await sync();
    expect(sent).toEqual([]);
  });

  it('does not echo when the calendar is read between the write and its record', async () => {
    const {
      sync,
      write,
      providers,
      person,
      calendar,
      connection,
      auditionId,
      key,
      sent,
      kinds,
      accessTokens,
      account,
    } = await setup();
    await write(1, slot);
    await sync();
    const owner = { id: connection, organization: 'org_1', provider: 'google', version: 1 } as const;
    const opened = { ...owner, account, ...accessTokens.forConnection(owner, 'test') };
    const event = {
      calendarId: calendar.calendarId,
      eventId: eventIdFor(auditionId),
      reference: auditionId,
      use: { name: 'ada', key: key('event:ada:r2') },
      summary: 'Captain',
      description: '',
      slot: later,
      revision: 2,
    };
    await providers.calendars.google.putEvent(opened, event, callContext());
    await sync();
    await write(2, later);
    await sync();
    expect(sent).toEqual([]);
    // The comparison goes on afterwards.
    await person.move(slot.start, slot.end);
    await sync();
    expect(kinds()).toEqual(['moved']);
  });

  it('is as it was written when the calendar keeps whole seconds only', async () => {
    const { sync, write, sent } = await setup();
    await write(1, {
      ...slot,
      start: millisecondsAfter(slot.start, 742),
      end: millisecondsAfter(slot.end, 742),
    });
    await sync();
    expect(sent).toEqual([]);
  });

  it('that a person moves, deletes or puts back is reported once for each change', async () => {
    const { sync, write, person, sent, auditionId, connection, kinds } = await setup();
    await write(1, slot);
    await sync();
    await person.edit('My big day');
    await sync();
    await person.move(later.start, later.end);
    await sync();
    await sync();
    expect(sent).toMatchObject([
      {
        audition: auditionId,
        change: {
          participant: 'ada',
          provider: 'google',
          connection,
          revision: 1,
          change: { kind: 'moved', start: later.start, end: later.end, isAllDay: false },
        },
      },
    ]);
    await person.move(slot.start, slot.end);
    await sync();
    await person.remove();
    await sync();
    await write(1, slot, ':restored');
    await sync();
    await person.remove();
    await sync();
    expect(kinds()).toEqual(['moved', 'put_back', 'deleted', 'deleted']);
    expect(new Set(sent.map(({ change }) => change.inboxId)).size).toBe(4);
  });

  it('that was deleted while the sync token had expired is reported as well', async () => {
    const { sync, write, person, sandbox, kinds, stored } = await setup();
    await write(1, slot);
    await sync();
    await person.remove();
    sandbox.control.expireSyncTokens();
    await sync();
    await sync();
    expect(kinds()).toEqual(['deleted']);
    expect(await stored()).toMatchObject([{ isRemoved: true, isOurs: true }]);
  });

  it('is reported again with the same id when the signal could not be sent', async () => {
    const { sync, write, person, sent, temporal } = await setup();
    await write(1, slot);
    await sync();
    await person.move(later.start, later.end);
    temporal.isDown = true;
    await expect(sync()).rejects.toThrow('UNAVAILABLE');
    temporal.isDown = false;
    await sync();
    expect(sent).toHaveLength(2);
    expect(sent[0]).toEqual(sent[1]);
  });
});

describe('a change of an event of ours', () => {
  it('is reported under another id when the audition has removed its event and written it again', async () => {
    const { sync, write, person, activities, about, key, calendar, sent } = await setup();
    await write(1, slot);
    await sync();
    await person.move(later.start, later.end);
    await sync();
    await activities.removeEvent({ ...about, keys: [key('event:ada:r1')], calendar });
    await write(1, slot, ':again');
    await sync();
    await person.move(later.start, later.end);
    await sync();
    const ids = sent
      .filter(({ change }) => change.change.kind === 'moved')
      .map(({ change }) => change.inboxId);
    expect(new Set(ids).size).toBe(2);
  });

  it('is reported when it was read between our write and its record', async () => {
    const { sync, write, person, pool, connection, kinds } = await setup();
    await write(1, slot);
    await sync();
    await write(2, later);
    // The process that writes dies, and the record is made by the next attempt.
    await pool.query(
      `UPDATE synced_events SET written_revision = 1, written_start = $2, written_end = $3 WHERE connection = $1`,
      [connection, slot.start, slot.end],
    );
    await person.move('2031-07-01T15:00:00Z', '2031-07-01T15:30:00Z');
    await sync();
    expect(kinds()).toEqual([]);
    await write(2, later);
    await sync();
    expect(kinds()).toEqual(['moved']);
  });

  it('is asked about when it is a deletion that was read between our write and its record', async () => {
    const { sync, write, person, pool, connection, sent } = await setup();
    await write(1, slot);
    await sync();
    await write(2, later);
    await sync();
    await pool.query(
      `UPDATE synced_events SET written_revision = 1, written_start = $2, written_end = $3 WHERE connection = $1`,
      [connection, slot.start, slot.end],
    );
    await person.remove();
    await sync();
    await write(2, later);
    await sync();
    expect(sent.map(({ change }) => [change.change.kind, change.revision])).toContainEqual(['deleted', 2]);
  });

  it('is withdrawn when the round dies after the signal and the event is put back', async () => {
    const { sync, write, person, temporal, kinds } = await setup();
    await write(1, slot);
    await sync();
    await person.move(later.start, later.end);
    temporal.isDown = true;
    await expect(sync()).rejects.toThrow('UNAVAILABLE');
    temporal.isDown = false;
    await person.move(slot.start, slot.end);
    await sync();
    expect(kinds()).toEqual(['moved', 'put_back']);
  });

  it('is not reported by a slow round after a newer one has compared the event that was put back', async () => {
    const { write, sync, pool, connection, resource, repositories } = await setup();
    await write(1, slot);
    await sync();
    const moveBy = (hours: number) =>
      pool.query(
        `UPDATE synced_events SET starts_at = starts_at + make_interval(hours => $2),
           ends_at = ends_at + make_interval(hours => $2), is_checked = false, change = change + 1
         WHERE connection = $1`,
        [connection, hours],
      );
    const calendar = await repositories.syncedCalendars.find({ connection, calendar: resource });
    if (!calendar) throw new Error('the calendar is not registered');
    const kinds: string[] = [];
    const reportWith = (listChanged: typeof repositories.syncedEvents.listChanged) =>
      createChangeReport({
        syncedEvents: { ...repositories.syncedEvents, listChanged },
        laterConflicts: { report: async () => undefined },
        signals: {
          calendarChanged: async (_audition, { change }) => {
            kinds.push(change.kind);
            return 'signaled';
          },
          answerReported: async () => 'signaled',
        },
        facts: { append: async () => undefined },
      }).report(calendar, 'corr-1');
    await moveBy(2);
    await reportWith(async (key) => {
      const listed = await repositories.syncedEvents.listChanged(key);
      await moveBy(-2);
      await reportWith((sameKey) => repositories.syncedEvents.listChanged(sameKey));
      return listed;
    });
    expect(kinds).toEqual([]);
  });

  it('into the past does not end its comparison', async () => {
    const { sync, write, person, kinds, stored } = await setup();
    await write(1, slot);
    await sync();
    await person.move('2026-01-01T10:00:00Z', '2026-01-01T10:30:00Z');
    await sync();
    await sync();
    expect(await stored()).toMatchObject([{ isOurs: true }]);
    await person.move(slot.start, slot.end);
    await sync();
    expect(kinds()).toEqual(['moved', 'put_back']);
  });
});

describe('a change that the synchronisation has not read when the audition writes its event', () => {
  const elsewhere = { start: '2031-07-01T15:00:00.000Z', end: '2031-07-01T15:30:00.000Z' };

  it('is on the trail when it was a move', async () => {
    const { sync, write, person, changesOnTrail } = await setupTrail();
    await write(1, slot);
    await sync();
    await person.move(elsewhere.start, elsewhere.end);
    await write(2, later);
    await write(2, later);
    expect(await changesOnTrail()).toMatchObject([
      { participant: 'ada', change: 'moved', ...elsewhere, outcome: 'overwritten' },
    ]);
    expect((await person.event()).start?.dateTime).toContain('12:00');
  });

  it('is on the trail when it was a deletion', async () => {
    const { sync, write, person, changesOnTrail } = await setupTrail();
    await write(1, slot);
    await sync();
    await person.remove();
    await write(2, later);
    expect(await changesOnTrail()).toMatchObject([{ change: 'deleted', outcome: 'overwritten' }]);
  });

  it('is on the trail when it came between a write and its repetition', async () => {
    const { write, person, changesOnTrail, fault } = await setupTrail();
    await write(1, slot);
    fault('google', { kind: 'lost_answer', operation: 'events.update', times: 1 });
    await expect(write(2, later)).rejects.toMatchObject({ name: 'ApplicationFailure' });
    await person.move(elsewhere.start, elsewhere.end);
    await write(2, later);
    expect(await changesOnTrail()).toMatchObject([{ change: 'moved', ...elsewhere }]);
  });

  it('is not recorded again when it was reported, and not when the audition itself has moved the event', async () => {
    const { sync, write, person, changesOnTrail, activities, about, key, calendar } = await setupTrail();
    await write(1, slot);
    await write(2, later);
    await sync();
    await person.move(elsewhere.start, elsewhere.end);
    await sync();
    await write(2, later, ':restored');
    await sync();
    await person.remove();
    await sync();
    await write(2, later, ':restored-again');
    await activities.removeEvent({ ...about, keys: [key('event:ada:r2:restored-again')], calendar });
    await write(3, slot);
    expect(await changesOnTrail()).toEqual([]);
  });
});

describe('an event of another program', () => {
  it('that comes back is reported again, under another id, and so is its end', async () => {
    const { sync, write, person, sent, kinds } = await setup();
    await write(1, slot);
    const start = '2031-07-01T10:20:00Z';
    const end = '2031-07-01T10:40:00Z';
    const id = person.add(start, end);
    await sync();
    await person.moveOther(id, later.start, later.end);
    await sync();
    await person.moveOther(id, start, end);
    await sync();
    await person.moveOther(id, later.start, later.end);
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict_over', 'conflict', 'conflict_over']);
    expect(new Set(sent.map(({ change }) => change.inboxId)).size).toBe(4);
  });

  it('is reported for each revision of the slot', async () => {
    const { sync, write, person, sent } = await setup();
    await write(1, slot);
    person.add('2031-07-01T10:20:00Z', '2031-07-01T12:20:00Z');
    await sync();
    await write(2, later);
    await sync();
    await sync();
    expect(sent.map(({ change }) => [change.revision, change.change.kind])).toEqual([
      [1, 'conflict'],
      [2, 'conflict'],
    ]);
  });

  it('whose report was interrupted is reported as over when it is gone', async () => {
    const { sync, write, person, temporal, kinds } = await setup();
    await write(1, slot);
    const id = person.add('2031-07-01T10:20:00Z', '2031-07-01T10:40:00Z');
    temporal.isDown = true;
    await expect(sync()).rejects.toThrow('UNAVAILABLE');
    temporal.isDown = false;
    await person.remove(id);
    await sync();
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict_over']);
  });

  it('in the time of the slot is reported, and again when it is gone', async () => {
    const { sync, write, person, sent, kinds } = await setup();
    await write(1, slot);
    person.add('2031-07-01T10:30:00Z', '2031-07-01T11:00:00Z');
    await sync();
    expect(sent).toEqual([]);
    const id = person.add('2031-07-01T10:20:00Z', '2031-07-01T10:40:00Z');
    await sync();
    await sync();
    expect(sent).toMatchObject([
      {
        change: {
          revision: 1,
          change: { kind: 'conflict', start: '2031-07-01T10:20:00.000Z', end: '2031-07-01T10:40:00.000Z' },
        },
      },
    ]);
    await person.remove(id);
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict_over']);
  });

  it('is reported with the others in the time of the slot, the earliest first', async () => {
    const { sync, write, person, sent } = await setup();
    await write(1, slot);
    const second = person.add('2031-07-01T10:10:00Z', '2031-07-01T10:20:00Z');
    person.add('2031-07-01T09:00:00Z', '2031-07-01T10:15:00Z');
    await sync();
    await person.remove(second);
    await sync();
    const first = { kind: 'conflict', start: '2031-07-01T09:00:00.000Z', end: '2031-07-01T10:15:00.000Z' };
    expect(sent.map(({ change }) => change.change)).toEqual([
      { ...first, others: [{ start: '2031-07-01T10:10:00.000Z', end: '2031-07-01T10:20:00.000Z' }] },
      first,
    ]);
  });

  it('is not reported when it is tentative and the organization ignores such events', async () => {
    const { sync, write, sandbox, account, repositories, kinds } = await setup();
    await write(1, slot);
    const event = { account, start: '2031-07-01T10:20:00Z', end: '2031-07-01T10:40:00Z' };
    sandbox.control.addBusy({ ...event, status: 'tentative' });
    await repositories.organizations.setConflicts('org_1', { tentative: 'ignore' });
    await sync();
    expect(kinds()).toEqual([]);
    await repositories.organizations.setConflicts('org_1', {});
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });
});
