import { describe, expect, it } from 'vitest';
import { calendar, event, read, startsOf } from '../../tests/harness/calendar-text.ts';

const starts = (zone: string, start: string, until: string, window: { from: string; until: string }) => {
  const lines = event(`DTSTART;TZID=${zone}:${start}`, 'DURATION:PT10M', `RRULE:FREQ=DAILY;UNTIL=${until}`);
  const { times, codes } = read(calendar(...lines), window);
  return { starts: startsOf(times), codes };
};

describe('an UNTIL', () => {
  const overlap = { from: '2026-10-24', until: '2026-10-28' };

  it('in UTC is an instant, also in the hour that the clock shows twice', () => {
    expect(starts('Europe/London', '20261023T013000', '20261025T010000Z', overlap).starts).toEqual([
      '2026-10-24T00:30',
      '2026-10-25T00:30',
    ]);
    expect(starts('Europe/London', '20261023T013000', '20261025T002959Z', overlap).starts).toEqual([
      '2026-10-24T00:30',
    ]);
    const south = { from: '2026-04-04', until: '2026-04-08' };
    expect(starts('Australia/Sydney', '20260401T023000', '20260404T161000Z', south).starts).toEqual([
      '2026-04-04T15:30',
    ]);
  });

  it('in UTC includes an occurrence that the clock skips', () => {
    const gap = { from: '2026-03-28', until: '2026-04-01' };
    expect(starts('Europe/Paris', '20260327T023000', '20260329T013000Z', gap).starts).toEqual([
      '2026-03-28T01:30',
      '2026-03-29T01:30',
    ]);
  });

  it('at 24 o’clock ends the rule', () => {
    const week = { from: '2026-10-01', until: '2026-10-10' };
    expect(starts('UTC', '20261001T090000', '20261003T240000Z', week)).toEqual({
      starts: ['2026-10-01T09:00', '2026-10-02T09:00', '2026-10-03T09:00'],
      codes: [],
    });
  });

  it('that cannot be read is reported, and its date ends the rule', () => {
    const week = { from: '2026-10-01', until: '2026-10-10' };
    expect(starts('UTC', '20261001T090000', '20261003T990000Z', week)).toEqual({
      starts: ['2026-10-01T09:00', '2026-10-02T09:00', '2026-10-03T09:00'],
      codes: ['invalid_rule'],
    });
    expect(starts('UTC', '20261001T090000', 'SOON', week).codes).toEqual(['invalid_rule']);
  });
});
