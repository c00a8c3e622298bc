import { describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { anyPosition } from '../../domain/audition/trail-facts.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { auditionDataKey } from '../../domain/workflow-ids.ts';
import { newAuditionId } from '../../tests/harness/audition-trail.ts';
import { useReconciliation } from '../../tests/harness/calendar-reconciliation.ts';
import { ada, later, slot } from '../../tests/harness/calendar-sync-harness.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';

const setup = useReconciliation();

const cancelled: AuditionFact = { type: 'cancelled', origin: 'api' };

describe('a write that the calendar has confirmed and lost', () => {
  it('is repeated by its audition, once; another disappearance counts as a deletion by a person', async () => {
    const { reconcile, loseWrite, kinds, sent, findings } = await setup();
    await loseWrite(1, slot);
    expect(await reconcile()).toEqual(['write_lost rewritten']);
    expect(findings).toMatchObject([{ fault: 'write_lost', participant: ada }]);
    expect(sent).toMatchObject([{ change: { revision: 1, participant: ada, change: { kind: 'lost' } } }]);
    // The audition writes it again, and it is lost again.
    await loseWrite(1, slot);
    expect(await reconcile()).toEqual(['event_deleted asked']);
    expect(await reconcile()).toEqual(['event_deleted asked']);
    expect(kinds()).toEqual(['lost', 'deleted']);
  });

  it('is found when the calendar still has the slot before it', async () => {
    const { reconcile, write, sync, loseWrite, kinds } = await setup();
    await write(1, slot);
    await sync();
    await loseWrite(2, later);
    expect(await reconcile()).toEqual(['write_lost rewritten']);
    await write(2, later, ':rewritten');
    expect(await reconcile()).toEqual([]);
    expect(kinds()).toEqual(['lost']);
  });

  it('is found by a dry run, which changes nothing and asks nothing', async () => {
    const { reconcile, loseWrite, sent, findings } = await setup();
    await loseWrite(1, slot);
    expect(await reconcile(true)).toEqual(['write_lost rewritten']);
    expect([sent, findings]).toEqual([[], []]);
  });

  it('waits for the workflow of the audition', async () => {
    const { reconcile, sync, loseWrite, temporal, kinds } = await setup();
    await loseWrite(1, slot);
    temporal.hasNoWorkflow = true;
    expect(await reconcile()).toEqual(['write_lost rewritten not_running']);
    temporal.hasNoWorkflow = false;
    await sync();
    await sync();
    expect(kinds()).toEqual(['lost', 'lost']);
  });

  it('is reported under one id when the round dies after the signal, or runs twice', async () => {
    const { reconcile, loseWrite, sync, temporal, sent } = await setup();
    await loseWrite(1, slot);
    temporal.isDown = true;
    await expect(reconcile()).rejects.toThrow('UNAVAILABLE');
    temporal.isDown = false;
    await Promise.all([sync(), sync()]);
    await sync();
    expect(new Set(sent.map(({ change }) => change.inboxId)).size).toBe(1);
  });

  it('is not suspected while the audition is moving', async () => {
    const { reconcile, write, sync, sent } = await setup();
    await write(1, slot);
    await sync();
    await Promise.all([reconcile(), write(2, later)]);
    expect(await reconcile()).toEqual([]);
    expect(sent).toEqual([]);
  });
});

describe('a calendar that was listed too long ago', () => {
  it('is listed again by a round that reads what a poll was too short for', async () => {
    const { sync, write, pool, connection, resource, stored } = await setup();
    await write(1, slot);
    await sync();
    const [before] = await stored();
    const readAgain = () => sync({ only: [], again: [resource] });
    await readAgain();
    expect((await stored())[0]?.generation).toBe(before?.generation);
    await pool.query(
      "UPDATE synced_calendars SET listed_at = listed_at - interval '25 hours' WHERE connection = $1",
      [connection],
    );
    await readAgain();
    expect((await stored())[0]?.generation).toBe(before?.generation + 1);
  });
});

describe('what a person has changed', () => {
  it('is asked about once, however often it is reconciled', async () => {
    const { reconcile, write, sync, person, kinds, eventId, standing } = await setup();
    await write(1, slot);
    await sync();
    await person.remove();
    expect(await reconcile(true)).toEqual(['event_deleted asked']);
    expect(kinds()).toEqual([]);
    expect(await reconcile()).toEqual(['event_deleted asked']);
    await reconcile();
    expect(kinds()).toEqual(['deleted']);
    expect(standing()).not.toContain(eventId);
  });

  it('is asked about also when it was deleted before the first reading, with the deletion in the list', async () => {
    const { reconcile, write, sync, person, kinds } = await setup();
    person.add('2031-08-01T08:00:00Z', '2031-08-01T09:00:00Z');
    await write(1, slot);
    await sync();
    await write(2, later);
    await person.remove();
    await sync();
    await reconcile();
    expect(kinds()).toEqual(['deleted']);
  });

  it('in the texts is left alone', async () => {
    const { reconcile, write, person, sent, account, sandbox, eventId } = await setup();
    await write(1, slot);
    await person.edit('My big day');
    expect(await reconcile()).toEqual([]);
    expect(sent).toEqual([]);
    const { calendars } = sandbox.control.state().google;
    const events = calendars.find(({ id }) => id === account)?.events ?? [];
    expect(events.find(({ id }) => id === eventId)?.summary).toBe('My big day');
  });
});

describe('an event of ours that nothing accounts for', () => {
  it('is removed when its audition was closed, but not by a dry run', async () => {
    const { reconcile, write, store, putEvent, standing, eventId, findings, sent } = await setup();
    await write(1, slot);
    const closed = await store(cancelled);
    await putEvent(closed, later);
    expect(await reconcile(true)).toEqual(['event_orphaned removed']);
    expect(standing()).toHaveLength(2);
    expect(await reconcile()).toEqual(['event_orphaned removed']);
    expect(standing()).toEqual([eventId]);
    expect(findings).toMatchObject([{ auditionId: closed, fault: 'event_orphaned' }]);
    expect(await reconcile()).toEqual([]);
    expect(sent).toEqual([]);
  });

  it('stays when its audition was erased: the steps of the session that took place are deleted', async () => {
    const { reconcile, write, store, putEvent, standing, repositories } = await setup();
    await write(1, slot);
    const closed = await store(
      { type: 'session_started', origin: 'api' },
      { type: 'decided', decision: 'released' },
    );
    await putEvent(closed, later);
    await repositories.people.eraseAudition(closed);
    expect(await reconcile(true)).toEqual([]);
    expect(await reconcile()).toEqual([]);
    expect(standing()).toHaveLength(2);
  });

  it('stays when the erasure of its audition was interrupted: the steps are unreadable', async () => {
    const { reconcile, write, standing, repositories, pool, auditionId } = await setup();
    await write(1, slot);
    await repositories.events.append(
      { auditionId, run: 'test', position: anyPosition },
      { facts: [{ at: toInstant(Date.now()), correlationId: 'c', key: 'end', fact: cancelled }] },
    );
    await repositories.vault.erase(auditionDataKey(auditionId));
    await pool.query('DELETE FROM synced_events WHERE audition_id = $1', [auditionId]);
    expect(await reconcile()).toEqual([]);
    expect(standing()).toHaveLength(1);
  });

  it('is removed when the ledger of an open audition knows no step for it', async () => {
    const { reconcile, write, store, putEvent, standing, eventId } = await setup();
    await write(1, slot);
    await putEvent(await store(), later);
    expect(await reconcile()).toEqual(['event_orphaned removed']);
    expect(standing()).toEqual([eventId]);
  });

  it('stays when its audition is unknown: another installation can use the calendar', async () => {
    const { reconcile, write, putEvent, standing } = await setup();
    await write(1, slot);
    await putEvent(newAuditionId(), later);
    expect(await reconcile()).toEqual(['event_unknown none']);
    expect(standing()).toHaveLength(2);
  });

  it('is removed when it is the second one of its audition', async () => {
    const { reconcile, write, standing, eventId, auditionId, sandbox, account, sent } = await setup();
    await write(1, slot);
    await connectToSandbox(sandbox.url, account).calendar.events.insert({
      calendarId: 'primary',
      requestBody: {
        // A deleted event is written again under the next generation of its id, and its owner can restore the first one.
        id: `${eventId}v2`,
        start: { dateTime: later.start },
        end: { dateTime: later.end },
        extendedProperties: { private: { castmatchReference: auditionId, castmatchRevision: '1' } },
      },
    });
    expect(await reconcile(true)).toEqual(['event_duplicated removed']);
    expect(await reconcile()).toEqual(['event_duplicated removed']);
    expect(standing()).toEqual([eventId]);
    expect(sent).toEqual([]);
  });

  it('is removed once when two rounds run simultaneously, and after a lost answer', async () => {
    const { reconcile, sync, write, store, putEvent, standing, eventId, fault } = await setup();
    await write(1, slot);
    await sync();
    await putEvent(await store(cancelled), later);
    fault('google', { kind: 'lost_answer', operation: 'events.delete', times: 1 });
    expect(await reconcile()).toEqual(['event_orphaned removed outage']);
    await Promise.all([sync(), sync()]);
    expect(standing()).toEqual([eventId]);
    expect(await reconcile()).toEqual([]);
  });

  it('is reported as not removed when the calendar refuses, and tried again by the next reconciliation', async () => {
    const refusal = { isOver: false };
    const { reconcile, write, store, putEvent, standing, eventId } = await setup({
      wrapCalendar: (calendar) => ({
        ...calendar,
        deleteEvent: async (...call) => {
          if (refusal.isOver) return calendar.deleteEvent(...call);
          throw new ProviderError(
            'google',
            'calendar.deleteEvent',
            { kind: 'not_permitted' },
            { message: 'Forbidden' },
          );
        },
      }),
    });
    await write(1, slot);
    await putEvent(await store(cancelled), later);
    expect(await reconcile()).toEqual(['event_orphaned removed not_permitted']);
    refusal.isOver = true;
    expect(await reconcile()).toEqual(['event_orphaned removed']);
    expect(standing()).toEqual([eventId]);
  });

  it('does not hinder the report of a person’s change while the calendar cannot delete it, and is removed by a later round', async () => {
    const server = { isDown: true };
    const { reconcile, sync, write, record, store, putEvent, standing, eventId, person, kinds } = await setup(
      {
        wrapCalendar: (calendar) => ({
          ...calendar,
          deleteEvent: async (...call) => {
            if (!server.isDown) return calendar.deleteEvent(...call);
            const outage = { kind: 'outage', effect: 'unknown' } as const;
            throw new ProviderError('google', 'calendar.deleteEvent', outage, { message: 'Backend Error' });
          },
        }),
      },
    );
    await write(1, slot);
    await record({ type: 'confirmed' });
    await sync();
    await putEvent(await store(cancelled), later);
    await person.move(later.end, '2031-07-01T13:00:00.000Z');
    expect(await reconcile()).toEqual(expect.arrayContaining(['event_orphaned removed outage']));
    expect(kinds()).toEqual(['moved']);
    await sync();
    expect(standing()).toHaveLength(2);
    server.isDown = false;
    await sync();
    expect(standing()).toEqual([eventId]);
  });

  it('is removed before the calendar is forgotten', async () => {
    const { sync, write, store, putEvent, standing, eventId, holds } = await setup();
    await write(1, slot);
    await sync();
    await putEvent(await store(cancelled), later);
    await holds.release();
    expect(await sync()).toEqual({ kind: 'ended', reason: 'unused' });
    expect(standing()).toEqual([eventId]);
  });
});

describe('a calendar with more findings than one round takes', () => {
  it('is compared to the end, whatever cannot be repaired', async () => {
    const { sync, write, store, putEvent, standing } = await setup();
    await write(1, slot);
    // Each is reported and none removed, so they stay at the beginning of the list.
    for (let count = 0; count < 101; count += 1) await putEvent(newAuditionId(), later);
    const closed: AuditionId[] = [];
    for (let count = 0; count < 55; count += 1) closed.push(await store(cancelled));
    for (const id of closed) await putEvent(id, later);
    const before = standing().length;
    for (let round = 0; round < 6; round += 1) {
      const result = await sync({ reconcile: { isDryRun: false, isFirst: round === 0 } });
      if (result.kind === 'synced' && result.isReconciled) break;
    }
    expect(standing()).toHaveLength(before - 55);
  }, 60_000);
});

describe('a dry run', () => {
  it('leaves the repairs to the next round', async () => {
    const { reconcile, sync, write, store, putEvent, standing, eventId } = await setup();
    await write(1, slot);
    await putEvent(await store(cancelled), later);
    expect(await reconcile(true)).toEqual(['event_orphaned removed']);
    await sync();
    expect(standing()).toEqual([eventId]);
  });
});

describe('a request for a reconciliation', () => {
  it('is not answered with a listing that began before it', async () => {
    const { sync, write, person, stored } = await setup({ pageSize: 2, roundMs: 0 });
    await write(1, slot);
    for (let day = 10; day < 16; day += 1) {
      person.add(`2031-08-${day}T08:00:00Z`, `2031-08-${day}T09:00:00Z`);
    }
    // The second page reads the event of ours.
    for (const page of [1, 2]) expect([page, await sync()]).toMatchObject([page, { isMore: true }]);
    const generations = async () => new Set((await stored()).map(({ generation }) => generation));
    expect(await generations()).toEqual(new Set([1]));
    const requestedAt = toInstant(Date.now());
    let result = await sync({ reconcile: { isDryRun: false, isFirst: true, requestedAt } });
    while (result.kind === 'synced' && result.isMore) {
      result = await sync({ reconcile: { isDryRun: false, isFirst: false, requestedAt } });
    }
    expect(result).toMatchObject({ isReconciled: true });
    expect(await generations()).toEqual(new Set([2]));
  });
});

describe('an event that only the ledger knows', () => {
  it('is compared from then on', async () => {
    const { reconcile, sync, write, pool, connection, person, record, kinds } = await setup();
    await write(1, slot);
    await sync();
    await record({ type: 'confirmed' });
    await pool.query('DELETE FROM synced_events WHERE connection = $1', [connection]);
    await pool.query('UPDATE auditions SET view = view || \'{"updatedAt":"2026-01-01T00:00:00.000Z"}\'');
    expect(await reconcile()).toContain('record_missing recorded');
    expect(kinds()).not.toContain('lost');
    await person.remove();
    await sync();
    expect(kinds()).toContain('deleted');
  });
});

describe('the schedule', () => {
  it('lists everything again a day after the last listing, and not before', async () => {
    const { sync, write, loseWrite, pool, connection, kinds } = await setup();
    await write(1, slot);
    await sync();
    await loseWrite(2, later);
    await sync();
    expect(kinds()).toEqual([]);
    await pool.query(
      "UPDATE synced_calendars SET listed_at = now() - interval '25 hours' WHERE connection = $1",
      [connection],
    );
    await sync({ only: [] });
    expect(kinds()).toEqual([]);
    await sync();
    await sync();
    expect(kinds()).toEqual(['lost']);
  });
});
