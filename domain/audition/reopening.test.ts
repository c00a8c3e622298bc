import { describe, expect, it } from 'vitest';
import { day } from '../time/units.ts';
import { reopeningRefusal } from './reopening.ts';

const closedAt = '2026-12-01T10:00:00.000Z';
const period = { reopenWithin: 14 * day, now: '2026-12-02T10:00:00.000Z' } as const;
const closed = (outcome: Parameters<typeof reopeningRefusal>[0]['outcome']) =>
  ({ state: 'closed', stateSince: closedAt, outcome }) as const;

describe('a closed audition', () => {
  it.each([
    ['booked', 'decision'],
    ['released', 'decision'],
    ['released', 'session'],
    ['callback', 'decision'],
    ['no_show', 'decision'],
    ['no_show', 'session'],
    ['declined', 'session'],
    ['cancelled', 'session'],
    ['failed', 'session'],
  ] as const)('that is %s can be reopened for a %s', (outcome, to) => {
    expect(reopeningRefusal(closed(outcome), to, period)).toBeUndefined();
  });

  it.each([
    ['booked', 'session'],
    ['callback', 'session'],
    ['declined', 'decision'],
    ['cancelled', 'decision'],
    ['failed', 'decision'],
  ] as const)('that is %s cannot be reopened for a %s', (outcome, to) => {
    expect(reopeningRefusal(closed(outcome), to, period)).toMatchObject({
      code: 'outcome_not_reopenable',
      whatToDo: expect.stringMatching(/Reopen it for/),
    });
  });

  it.each([
    ['2026-12-15T10:00:00.000Z', undefined],
    ['2026-12-15T10:00:00.001Z', 'reopen_expired'],
  ] as const)('can be reopened within the period of its policy (%s: %s)', (now, code) => {
    expect(reopeningRefusal(closed('declined'), 'session', { ...period, now })?.code).toBe(code);
  });

  it('cannot be reopened with a period of 0', () => {
    expect(reopeningRefusal(closed('declined'), 'session', { ...period, reopenWithin: 0 })).toMatchObject({
      code: 'reopen_expired',
      message: expect.stringContaining(closedAt),
    });
  });
});

it('an open audition cannot be reopened', () => {
  const open = { state: 'scheduled', stateSince: closedAt } as const;
  expect(reopeningRefusal(open, 'session', period)).toMatchObject({ code: 'wrong_state' });
});
