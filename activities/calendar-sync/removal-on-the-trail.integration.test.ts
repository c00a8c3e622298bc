import { describe, expect, it } from 'vitest';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { useReconciliation } from '../../tests/harness/calendar-reconciliation.ts';
import { later, slot } from '../../tests/harness/calendar-sync-harness.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';

const setup = useReconciliation();

const cancelled: AuditionFact = { type: 'cancelled', origin: 'api' };

const setupRemoval = async () => {
  const worker = { isKilled: false, isRefused: false };
  const bench = await setup({
    wrapCalendar: (calendar) => ({
      ...calendar,
      deleteEvent: async (...call) => {
        if (worker.isRefused) {
          const fault = { kind: 'not_permitted' } as const;
          throw new ProviderError('google', 'calendar.deleteEvent', fault, { message: 'Forbidden' });
        }
        const outcome = await calendar.deleteEvent(...call);
        if (worker.isKilled) throw new Error('killed');
        return outcome;
      },
    }),
  });
  const removalsOf = async (audition: AuditionId) =>
    (await bench.repositories.events.read('org_1', audition, { after: 0, limit: 100 })).flatMap(({ fact }) =>
      fact.type === 'calendar_event_removed' ? [fact] : [],
    );
  return { ...bench, worker, removalsOf };
};

describe('the removal of an event', () => {
  it('is on the trail of its audition, once, also of a closed one', async () => {
    const { reconcile, sync, write, store, putEvent, removalsOf, connection } = await setupRemoval();
    await write(1, slot);
    const closed = await store(cancelled);
    await putEvent(closed, later);
    expect(await reconcile(true)).toEqual(['event_orphaned removed']);
    expect(await removalsOf(closed)).toEqual([]);
    await reconcile();
    await Promise.all([sync(), sync()]);
    await reconcile();
    expect(await removalsOf(closed)).toMatchObject([
      { provider: 'google', connection, eventId: eventIdFor(closed), reason: 'orphaned' },
    ]);
    // It appears once more: that is another removal.
    await putEvent(closed, later);
    const request = { reconcile: { isDryRun: false, isFirst: true } };
    await Promise.all([sync(request), sync(request)]);
    expect(await removalsOf(closed)).toHaveLength(2);
  });

  it('is on the trail when the worker was killed after it, and the calendar reports the deletion first', async () => {
    const {
      reconcile,
      sync,
      write,
      store,
      putEvent,
      removalsOf,
      worker,
      standing,
      eventId,
      pool,
      connection,
    } = await setupRemoval();
    worker.isKilled = true;
    await write(1, slot);
    const closed = await store(cancelled);
    await putEvent(closed, later);
    await expect(reconcile()).rejects.toThrow('killed');
    expect(standing()).toEqual([eventId]);
    expect(await removalsOf(closed)).toEqual([]);
    worker.isKilled = false;
    await sync();
    await sync();
    expect(await removalsOf(closed)).toMatchObject([{ reason: 'orphaned' }]);
    const { rows } = await pool.query('SELECT * FROM calendar_removals WHERE connection = $1', [connection]);
    expect(rows).toEqual([]);
  });

  it('is not on the trail when the calendar refuses it', async () => {
    const { reconcile, write, store, putEvent, removalsOf, worker, person, sync } = await setupRemoval();
    await write(1, slot);
    const closed = await store(cancelled);
    await putEvent(closed, later);
    worker.isRefused = true;
    expect(await reconcile()).toEqual(['event_orphaned removed not_permitted']);
    // The owner of the calendar deletes it.
    await person.remove(eventIdFor(closed));
    await sync();
    await reconcile();
    expect(await removalsOf(closed)).toEqual([]);
  });
});
