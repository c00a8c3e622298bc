/** Tests that a copy which a person makes of our event in Outlook, with all that identifies ours, is that person's own event. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';

import { toInstant } from '../../domain/time/epoch.ts';
import { ada, slotIn, useOutlookSync } from '../../tests/harness/outlook-sync-harness.ts';
import { startRewritingProxy } from '../../tests/harness/rewriting-proxy.ts';

const bench = useOutlookSync();

const findingsSchema = z.object({ findings: z.array(z.unknown()).default([]) });

const listSchema = z.looseObject({ value: z.array(z.looseObject({})) });

const withoutMarks = (answer: unknown): unknown => {
  const list = listSchema.safeParse(answer).data;
  return list
    ? { ...list, value: list.value.map((event) => ({ ...event, singleValueExtendedProperties: undefined })) }
    : answer;
};

const setup = async (...options: Parameters<typeof bench>) => {
  const synced = await bench(...options);
  const { hold, write, sync, activities, about, key, another, sandbox, account, connection, mailbox } =
    synced;
  await hold(slotIn(10));
  const eventId = await write(slotIn(10));
  const calendar: WritableCalendarRef = { provider: 'microsoft', connection, calendarId: 'primary' };
  return {
    ...synced,
    eventId,
    copy: (change: { readonly laterMinutes?: number; readonly calendarId?: string } = {}) =>
      sandbox.control.copyOutlookEvent({ account, eventId, ...change }).eventId,
    /** Reads all events again, and compares the calendars with the ledger. */
    reconcile: async () => {
      const round = await sync({
        reconcile: { requestedAt: toInstant(Date.now()), isFirst: true, isDryRun: false },
      });
      return findingsSchema.parse(round).findings;
    },
    /** Lets another audition have an event in the calendar, so that it is synchronized. */
    useCalendar: async (calendarId: string) => {
      const other = another();
      await hold(slotIn(11), calendarId, other.auditionId);
      await activities.writeEvent({
        ...other.about,
        key: other.key('event:ada:r1'),
        participant: ada,
        calendar: { ...calendar, calendarId },
        content: { summary: 'Captain', description: '', slot: slotIn(11), revision: 1 },
      });
    },
    remove: () => activities.removeEvent({ ...about, keys: [key('event:ada:r1')], calendar }),
    findBusy: () =>
      activities.findBusy({
        ...about,
        provider: 'microsoft',
        connection,
        calendarIds: ['primary'],
        window: { from: slotIn(10).start, until: slotIn(11).start },
      }),
    shown: () => mailbox.shown().map(({ immutableId }) => immutableId),
  };
};

describe('a copy of our event in Outlook that has our transaction id', () => {
  it('is neither removed nor reported by a reconciliation, nor as a change of the audition', async () => {
    const { sync, reconcile, copy, shown, sent, eventId, mailbox } = await setup();
    await sync();
    const copied = copy({ laterMinutes: 600 });
    await sync();
    expect(await reconcile()).toEqual([]);
    await mailbox.move(copied, Date.parse(slotIn(12).start), Date.parse(slotIn(12).end));
    await sync();
    await mailbox.remove(copied);
    await sync();
    expect(shown()).toEqual([eventId]);
    expect(sent).toEqual([]);
  });

  it('is a conflict when it overlaps the slot of the audition', async () => {
    const { sync, copy, sent, findBusy, pool, connection } = await setup();
    await sync();
    expect(await findBusy()).toEqual([]);
    copy({ laterMinutes: 15 });
    expect(await findBusy()).toMatchObject([{ start: toInstant(Date.parse(slotIn(10).start) + 900_000) }]);
    await sync();
    const { rows } = await pool.query(
      'SELECT marked_audition FROM synced_events WHERE connection = $1 AND audition_id IS NULL',
      [connection],
    );
    expect(rows).toEqual([{ marked_audition: null }]);
    expect(sent).toMatchObject([{ participant: ada, change: { kind: 'conflict' } }]);
  });

  it('is a conflict at each of its times when its owner has made it a series', async () => {
    const { sync, copy, sent, findBusy, sandbox, account, eventId } = await setup();
    await sync();
    const copied = copy({ laterMinutes: 15 });
    sandbox.control.repeatOutlookEvent({ account, eventId: copied, everyDays: 1, times: 2 });
    const first = Date.parse(slotIn(10).start) + 900_000;
    expect(await findBusy()).toMatchObject([{ start: toInstant(first) }]);
    await sync();
    expect(sent).toMatchObject([{ participant: ada, change: { kind: 'conflict' } }]);
    // Our own event stays free when its owner repeats it.
    const original = { account, eventId, everyDays: 1, times: 2 };
    sandbox.control.repeatOutlookEvent(original);
    expect(await findBusy()).toMatchObject([{ start: toInstant(first) }]);
  });

  it.each([
    ['the occurrences', ['events.instances']],
    ['the series', ['events.instances', 'events.get']],
  ])('is a conflict as a series of which Graph does not return %s', async (_what, operations) => {
    const { sync, copy, sent, fault, sandbox, account, connection, pool } = await setup();
    await sync();
    const copied = copy({ laterMinutes: 15 });
    sandbox.control.repeatOutlookEvent({ account, eventId: copied, everyDays: 1, times: 2 });
    for (const operation of operations) fault('microsoft', { kind: 'refusal', status: 400, operation });
    await sync();
    const { rows } = await pool.query(
      `SELECT marked_audition FROM synced_events WHERE connection = $1 AND series = $2`,
      [connection, copied],
    );
    expect(rows).toEqual([{ marked_audition: null }, { marked_audition: null }]);
    expect(sent).toMatchObject([{ participant: ada, change: { kind: 'conflict' } }]);
  });

  it.each([
    ['the occurrences', ['events.instances']],
    ['the series', ['events.instances', 'events.get']],
  ])(
    'is not confused with our event, as a series of which Graph does not return %s',
    async (_what, operations) => {
      const { sync, sent, fault, sandbox, account, eventId, connection, pool, auditionId } = await setup();
      await sync();
      sandbox.control.repeatOutlookEvent({ account, eventId, everyDays: 1, times: 2 });
      for (const operation of operations) fault('microsoft', { kind: 'refusal', status: 400, operation });
      await sync();
      const { rows } = await pool.query(
        `SELECT marked_audition FROM synced_events WHERE connection = $1 AND series = $2`,
        [connection, eventId],
      );
      expect(rows).toEqual([{ marked_audition: auditionId }, { marked_audition: auditionId }]);
      expect(sent).toEqual([]);
    },
  );

  it('is not confused with our event, as a series whose occurrences Graph returns without marks', async () => {
    const { sync, sent, sandbox, account, eventId, connection, pool, auditionId } = await setup(
      {},
      (sandboxUrl) =>
        startRewritingProxy(sandboxUrl, (answer, path) =>
          path.includes('/instances') ? withoutMarks(answer) : answer,
        ),
    );
    await sync();
    sandbox.control.repeatOutlookEvent({ account, eventId, everyDays: 1, times: 2 });
    await sync();
    const { rows } = await pool.query(
      'SELECT marked_audition FROM synced_events WHERE connection = $1 AND series = $2',
      [connection, eventId],
    );
    expect(rows).toEqual([{ marked_audition: auditionId }, { marked_audition: auditionId }]);
    expect(sent).toEqual([]);
  });

  it('is known when the calendar is read for the first time after it was made', async () => {
    const { sync, reconcile, copy, shown, sent } = await setup();
    copy({ laterMinutes: 600 });
    await sync();
    expect(await reconcile()).toEqual([]);
    expect(shown()).toHaveLength(2);
    expect(sent).toEqual([]);
  });

  it('stays in another calendar of the account', async () => {
    const { sync, reconcile, copy, shown, mailbox, sent, useCalendar, stored } = await setup();
    const other = await mailbox.addCalendar('Private');
    await useCalendar(other);
    copy({ calendarId: other, laterMinutes: 600 });
    await sync();
    expect(await reconcile()).toEqual([]);
    expect(shown()).toHaveLength(3);
    expect(await stored()).toHaveLength(3);
    expect(sent).toEqual([]);
  });

  it('stays when the audition removes its event, and is not written when the audition writes it again', async () => {
    const { copy, remove, shown, write, eventId, mailbox, sync } = await setup();
    const copied = copy();
    const before = mailbox.startOf(copied);
    expect(await write(slotIn(11), 'primary', 2)).toBe(eventId);
    await sync();
    await mailbox.remove(eventId);
    const again = await write(slotIn(12), 'primary', 3);
    expect([eventId, copied]).not.toContain(again);
    expect(mailbox.startOf(copied)).toBe(before);
    await mailbox.remove(again);
    await remove();
    expect(shown()).toEqual([copied]);
  });

  it('stays after a deletion whose answer was lost', async () => {
    const { copy, remove, shown, fault } = await setup();
    const copied = copy();
    fault('microsoft', { kind: 'lost_answer', operation: 'events.delete', times: 1 });
    await remove().catch(() => undefined);
    await remove();
    expect(shown()).toEqual([copied]);
  });

  it('stays when the audition is over', async () => {
    const { copy, remove, shown, sync, reconcile } = await setup();
    await sync();
    const copied = copy({ laterMinutes: 600 });
    await remove();
    await sync();
    expect(await reconcile()).toEqual([]);
    expect(shown()).toEqual([copied]);
  });
});
