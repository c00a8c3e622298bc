/** Compares a synchronized calendar of the sandbox with what was written, and prepares what the comparison finds. */
import { expect } from 'vitest';
import { eventIdFor } from '../../activities/effects/deterministic-ids.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import { factsUntilScheduled, newAuditionId, storeEvents, trail } from './audition-trail.ts';
import { ada, slot, useCalendarSync } from './calendar-sync-harness.ts';
import { callContext } from './call-context.ts';

const aDayAgo = Date.now() - 24 * 60 * minute;
/** Call it at the top of a test file. Returns a function that sets up a calendar which is reconciled. */
export const useReconciliation = () => {
  const setupSync = useCalendarSync();
  return async (options: Parameters<typeof setupSync>[0] = {}) => {
    const bench = await setupSync(options);
    const { repositories, providers, accessTokens, connection, account, calendar, auditionId, sandbox } =
      bench;
    const owner = { id: connection, organization: 'org_1', provider: 'google', version: 1 } as const;
    const opened = { ...owner, account, ...accessTokens.forConnection(owner, 'test') };
    const events = () =>
      sandbox.control.state().google.calendars.find(({ id }) => id === account)?.events ?? [];
    return {
      ...bench,
      /** Lists and compares everything, as the daily reconciliation does. */
      reconcile: async (isDryRun = false) => {
        const result = await bench.sync({ reconcile: { isDryRun, isFirst: true } });
        if (result.kind !== 'synced') throw new Error(result.kind);
        expect(result.isReconciled).toBe(true);
        return (result.findings ?? []).map(({ fault, repair, failure }) =>
          [fault, repair, ...(failure === undefined ? [] : [failure])].join(' '),
        );
      },
      /** Records a write that the calendar has confirmed and lost. */
      loseWrite: (revision: number, at: Slot) =>
        repositories.writtenEvents.record({
          organization: 'org_1',
          connection,
          provider: 'google',
          calendarName: `google/${account}`,
          calendarId: calendar.calendarId,
          eventId: eventIdFor(auditionId),
          auditionId,
          participant: ada,
          key: bench.key(`event:ada:r${revision}`),
          slot: at,
          revision,
          writtenAt: toInstant(Date.now() - 5 * minute),
        }),
      /** Writes an event of another audition directly, without a ledger. */
      putEvent: (id: AuditionId, at: Slot = slot) =>
        providers.calendars.google.putEvent(
          opened,
          {
            calendarId: 'primary',
            eventId: eventIdFor(id),
            reference: id,
            use: { name: 'ada', key: 'late' },
            summary: 'Captain',
            description: '',
            slot: at,
            revision: 1,
          },
          callContext(),
        ),
      /** Returns an audition of the organization. */
      store: async (...more: readonly AuditionFact[]) => {
        const id = newAuditionId();
        const facts = trail([...factsUntilScheduled(id, 'org_1'), ...more], { startMs: aDayAgo });
        await storeEvents(repositories.events, id, facts);
        return id;
      },
      standing: () =>
        events()
          .filter(({ status }) => status !== 'cancelled')
          .map(({ id }) => id),
    };
  };
};
