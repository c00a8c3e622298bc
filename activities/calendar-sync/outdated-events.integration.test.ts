/** Tests the comparison of events with the present slots of their auditions. */
import { describe, expect, it } from 'vitest';
import { useReconciliation } from '../../tests/harness/calendar-reconciliation.ts';
import { ada, later, slot } from '../../tests/harness/calendar-sync-harness.ts';

const setup = useReconciliation();

describe('an event at an earlier slot of its audition', () => {
  it('is reported until the event is written for the present slot', async () => {
    const { reconcile, sync, write, pool, auditionId, record, findings, kinds } = await setup();
    await write(1, slot);
    await sync();
    await record({ type: 'slot_moved', slot: later, revision: 2, until: later.end, origin: 'api' });
    await record({ type: 'scheduled' });
    const age = () =>
      pool.query('UPDATE auditions SET view = view || \'{"updatedAt":"2026-01-01T00:00:00.000Z"}\'');
    await age();
    expect(await reconcile()).toEqual(['event_outdated none']);
    expect(findings).toMatchObject([{ auditionId, participant: ada }]);
    await write(2, later);
    await age();
    expect(await reconcile()).toEqual([]);
    expect(kinds()).toEqual([]);
  });
});
