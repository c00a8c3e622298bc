/** Lists a calendar of thousands of events, events of ours among them, with Google's client over HTTP. */
import { memoryUsage } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { day, hour, minute } from '../../domain/time/units.ts';
import { changesPerPage } from '../../providers/google/settings.ts';
import type { CalendarChanges } from '../../providers/ports.ts';
import { newAuditionId } from '../../tests/harness/audition-trail.ts';
import { useReconciliation } from '../../tests/harness/calendar-reconciliation.ts';
import { slot } from '../../tests/harness/calendar-sync-harness.ts';
import { atDepth } from '../../tests/harness/depth.ts';

const events = atDepth(5_000, 50_000);
const ours = 100;
/** Far less than 45,000 events need: about 1 kB each. */
const mostGrowthBytes = 16 * 1_024 * 1_024;

const setup = useReconciliation();

const heapBytes = (): number => {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return memoryUsage().heapUsed;
};

it(`a calendar of ${events} events is listed in bounded pages, and followed by its changes alone`, {
  timeout: atDepth(120_000, 900_000),
}, async () => {
  const pages: number[] = [];
  const heap: number[] = [];
  const wrap = (changes: CalendarChanges): CalendarChanges => ({
    ...changes,
    listChanges: async (...request) => {
      const page = await changes.listChanges(...request);
      if (page.kind === 'page') {
        pages.push(page.changes.length);
        // A collection takes as long as many pages.
        if (pages.length % 10 === 2) heap.push(heapBytes());
      }
      return page;
    },
  });
  const { sandbox, account, sync, putEvent, write, stored, person, connection, repositories } = await setup({
    pageSize: changesPerPage,
    wrap,
  });
  const begin = Date.parse(slot.start) + day;
  const timeOf = (index: number) => toInstant(begin + index * 5 * minute);
  for (let index = 0; index < events; index += 1)
    sandbox.control.addBusy({ account, start: timeOf(index), end: timeOf(index + 6) });
  for (let index = 0; index < ours; index += 1) {
    const start = begin + index * day;
    await putEvent(newAuditionId(), {
      ...slot,
      start: toInstant(start),
      end: toInstant(start + hour),
    });
  }
  await write(1, slot);
  const syncAll = async () => {
    pages.length = 0;
    for (;;) {
      const result = await sync();
      if (result.kind !== 'synced') throw new Error(result.kind);
      if (!result.isMore) return result;
    }
  };

  expect(await syncAll()).toMatchObject({ calendars: [{ state: 'in_sync' }] });
  expect(await repositories.syncedEvents.count(connection)).toBe(events + ours + 1);
  expect((await stored()).filter(({ isOurs }) => isOurs)).toHaveLength(1);
  expect(Math.max(...pages)).toBeLessThanOrEqual(changesPerPage);
  expect(pages.length).toBeGreaterThanOrEqual(events / changesPerPage);
  expect(Math.max(...heap) - (heap[0] ?? 0)).toBeLessThan(mostGrowthBytes);

  const added = person.add(timeOf(1), timeOf(2));
  await person.move(timeOf(0), timeOf(6));
  await syncAll();
  // The added event, and that of ours as it is listed and as it is read.
  expect(pages.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(3);
  expect((await stored()).map(({ id }) => id)).toContain(added);
});
