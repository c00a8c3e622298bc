/** Tests that a copy which a person makes of our event, with its properties, is that person's own event: at Google and in CalDAV. */
import { describe, expect, it } from 'vitest';
import { useCaldavSync } from '../../tests/harness/caldav-sync-harness.ts';
import { useReconciliation } from '../../tests/harness/calendar-reconciliation.ts';
import { later, slot } from '../../tests/harness/calendar-sync-harness.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';

const setupGoogle = useReconciliation();
const setupCaldav = useCaldavSync();

const setUpCopies = async () => {
  const bench = await setupGoogle();
  const { calendar: owner } = connectToSandbox(bench.sandbox.url, bench.account);
  await bench.write(1, slot);
  await bench.sync();
  return {
    ...bench,
    /** Copies our event to another time under another id, with everything that an event may be created with. */
    copy: async ({ start, end }: { readonly start: string; readonly end: string }) => {
      const { id: _id, iCalUID: _uid, etag: _etag, ...event } = await bench.person.event();
      const times = { start: { dateTime: start }, end: { dateTime: end } };
      const { data } = await owner.events.insert({
        calendarId: 'primary',
        requestBody: { ...event, ...times },
      });
      return data.id ?? '';
    },
  };
};

describe('a copy of our event at Google', () => {
  it('is neither removed nor reported, and its moves and its deletion concern no audition', async () => {
    const { copy, sync, reconcile, standing, kinds, person, eventId, stored } = await setUpCopies();
    const copied = await copy({ start: '2031-05-02T08:00:00Z', end: '2031-05-02T09:00:00Z' });
    await sync();
    expect(await reconcile()).toEqual([]);
    expect(standing().sort()).toEqual([copied, eventId].sort());
    await person.moveOther(copied, '2031-05-03T08:00:00Z', '2031-05-03T09:00:00Z');
    await sync();
    await person.remove(copied);
    await sync();
    expect(kinds()).toEqual([]);
    expect((await stored()).filter(({ isRemoved }) => !isRemoved)).toMatchObject([
      { id: eventId, isOurs: true },
    ]);
  });

  it('is a conflict when it overlaps the slot, and stays when the event moves', async () => {
    const { copy, sync, write, record, kinds, standing } = await setUpCopies();
    await record({ type: 'confirmed' });
    const copied = await copy(slot);
    await sync();
    expect(kinds()).toEqual(['conflict']);
    await write(2, later);
    expect(standing()).toContain(copied);
  });
});

describe('a copy of our event in a CalDAV calendar', () => {
  it('under another UID is an event without our mark, and its moves and its deletion concern no audition', async () => {
    const { server, sync, listAgain, ours, uid, sent, pool, connection } = await setupCaldav();
    await sync();
    const copy = (day: string) =>
      server.store('copy', ours.replace(`UID:${uid}`, 'UID:copy').replaceAll('20310701', day));
    copy('20310702');
    await sync();
    copy('20310703');
    await sync();
    expect(await listAgain()).not.toHaveProperty('findings');
    expect(server.text('copy')).toBeDefined();
    const { rows } = await pool.query(
      'SELECT marked_audition FROM synced_events WHERE connection = $1 AND event_id = $2',
      [connection, 'copy'],
    );
    expect(rows).toEqual([{ marked_audition: null }]);
    server.store('copy', undefined);
    await sync();
    expect(sent).toEqual([]);
  });
});

const setUpTwoCalendars = async () => {
  const bench = await setupCaldav();
  const other = await bench.addCalendar();
  const endStep = await bench.recordStep(bench.server.calendarId, 'k1');
  await bench.append({ type: 'confirmed' });
  await bench.sync();
  const cancel = async () => {
    await endStep();
    bench.server.store(bench.uid, undefined);
    await bench.append({ type: 'cancelled', origin: 'api' });
  };
  const findings = async () => {
    const result = await bench.listAgain();
    const found = result.kind === 'synced' ? (result.findings ?? []) : [];
    return found.map(({ fault, repair }) => `${fault} ${repair}`).sort();
  };
  return { ...bench, other, cancel, findings, copy: () => other.store(bench.uid, bench.ours) };
};

describe('a copy of our event with its UID in another CalDAV calendar of the account', () => {
  it('is neither removed nor reported, and its moves and its deletion concern no audition', async () => {
    const { other, copy, findings, sync, sent, uid, ours } = await setUpTwoCalendars();
    copy();
    await sync();
    expect(await findings()).toEqual([]);
    expect(other.text(uid)).toBe(ours);
    other.store(uid, ours.replaceAll('20310701', '20310702'));
    await sync();
    expect(await findings()).toEqual([]);
    other.store(uid, undefined);
    await sync();
    expect(sent).toEqual([]);
  });

  it('stays when the audition is over', async () => {
    const { other, copy, findings, sync, cancel, uid } = await setUpTwoCalendars();
    copy();
    await sync();
    await cancel();
    expect(await findings()).toEqual([]);
    expect(other.text(uid)).toBeDefined();
  });

  it('is removed when a step of the audition had written an event there: its effect came after its removal', async () => {
    const { other, copy, findings, recordStep, uid, server, ours } = await setUpTwoCalendars();
    const endFormer = await recordStep(other.calendarId, 'former');
    await endFormer();
    copy();
    expect(await findings()).toEqual(['event_orphaned removed']);
    expect(other.text(uid)).toBeUndefined();
    expect(server.text(uid)).toBe(ours);
  });
});

describe('our event that a person moves to another CalDAV calendar of the account', () => {
  it('stays there while the casting office is asked about it', async () => {
    const { other, copy, findings, sync, server, sent, uid } = await setUpTwoCalendars();
    server.store(uid, undefined);
    copy();
    await sync();
    expect(await findings()).toEqual(['event_deleted asked', 'event_relocated asked']);
    expect(other.text(uid)).toBeDefined();
    expect(sent.map(({ change }) => change.kind)).toContain('deleted');
  });

  it('is removed when the audition is over', async () => {
    const { other, copy, findings, sync, server, append, cancel, connection, uid } =
      await setUpTwoCalendars();
    server.store(uid, undefined);
    copy();
    await sync();
    await append({ type: 'calendar_changed', provider: 'apple', connection, change: 'deleted' });
    await cancel();
    expect(await findings()).toEqual(['event_orphaned removed']);
    expect(other.text(uid)).toBeUndefined();
  });
});
