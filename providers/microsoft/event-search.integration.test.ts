/** The search for an event of ours can list it late. Microsoft documents no time. */
import { describe, expect, it } from 'vitest';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { slot } from '../../tests/harness/google-calendar.ts';
import { outlookDeletion, outlookEvent, setUpOutlookCalendar } from '../../tests/harness/outlook-calendar.ts';

const moved = { ...slot, start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z' } as const;

const setUp = async (microsoft: SandboxOptions['microsoft']) => {
  const bench = await setUpOutlookCalendar({ microsoft });
  const { calendar, connection, control } = bench;
  const put = (change: Parameters<typeof outlookEvent>[0] = {}) =>
    calendar.putEvent(connection, outlookEvent(change), callContext());
  const loseAnswerOfPut = async () => {
    control.setFault('microsoft', { kind: 'lost_answer', operation: 'events.create', times: 1 });
    await expect(put()).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'unknown' } });
  };
  const remove = () => calendar.deleteEvent(connection, outlookDeletion, callContext());
  return { ...bench, put, remove, loseAnswerOfPut };
};

describe('an Outlook event that the search lists late', () => {
  it.each(['earlier_event', 'error'] as const)(
    'gets the time and the texts of a later write when Graph answers %s to its transaction id',
    async (duplicateTransaction) => {
      const { put, loseAnswerOfPut, shown } = await setUp({
        duplicateTransaction,
        eventSearchDelayMs: 1_500,
      });
      await loseAnswerOfPut();
      await put({ slot: moved, revision: 2, summary: 'Audition: Gertrude' });
      expect(shown()).toMatchObject([
        { subject: 'Audition: Gertrude', start: { dateTime: '2026-12-02T09:00:00.0000000' } },
      ]);
      expect(shown()).toHaveLength(1);
    },
  );

  it('is deleted after the answer to its creation was lost', async () => {
    const { remove, loseAnswerOfPut, shown } = await setUp({ eventSearchDelayMs: 1_000 });
    await loseAnswerOfPut();
    expect(await remove()).toBe('deleted');
    expect(shown()).toEqual([]);
  });

  it('is created without an update when no earlier attempt has created it', async () => {
    const { put, shown, calls } = await setUp({ eventSearchDelayMs: 60_000 });
    const { eventId, overwrote } = await put({ known: { times: [slot], isPresent: false } });
    expect(shown()).toMatchObject([{ immutableId: eventId }]);
    expect(overwrote).toBeUndefined();
    expect(calls()['events.update']).toBeUndefined();
  });
});
