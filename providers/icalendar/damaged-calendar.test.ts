import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendar, event, read, zoned } from '../../tests/harness/calendar-text.ts';

describe('a damaged calendar', () => {
  const sound = event('UID:sound', 'DTSTART:20261205T090000Z', 'DURATION:PT1H');
  const soundTime = '2026-12-05T09:00 2026-12-05T10:00';

  it.each<[string, readonly string[], string | undefined]>([
    [
      'has lines that are no properties',
      ['BEGIN:VEVENT', 'UID:x', 'lorem ipsum', '', ':::', 'END:VEVENT'],
      'no_start',
    ],
    ['has an event without an end', ['BEGIN:VEVENT', 'UID:x'], 'no_start'],
    ['has an end without a beginning', ['END:VEVENT', 'END:VALARM'], undefined],
    ['has a start that cannot be read', event('DTSTART:yesterday'), 'no_start'],
    ['has a date that does not exist', event('DTSTART:20260230T090000Z', 'DURATION:PT1H'), 'no_start'],
    ['has a rule that cannot be read', event('DTSTART:20270101T090000Z', 'RRULE:EVERY DAY'), 'invalid_rule'],
    [
      'has a rule with an unknown frequency',
      event('DTSTART:20261101T090000Z', 'RRULE:FREQ=OFTEN'),
      'invalid_rule',
    ],
    [
      'has a huge list of dates',
      event('DTSTART:20261201T090000Z', `EXDATE:${'20261201T090000Z,'.repeat(100_000)}`),
      'event_too_large',
    ],
    [
      'has an event that lasts for ever',
      event('DTSTART:20270101T090000Z', 'DURATION:P999999999999W'),
      undefined,
    ],
    [
      'has an alarm with a start of its own',
      event('DTSTART:20270101T090000Z', 'BEGIN:VALARM', 'DTSTART:20261201T000000Z', 'END:VALARM'),
      undefined,
    ],
  ])('is read as far as it can be when it %s', (_what, lines, code) => {
    const { times, codes } = read(calendar(...lines, ...sound));
    expect(times).toEqual([soundTime]);
    expect(codes).toEqual(code === undefined ? [] : [code]);
  });

  it('blocks the window from the start of a series on that has too many occurrences to list', () => {
    const lines = event('DTSTART:20261210T000000Z', 'DURATION:PT1S', 'RRULE:FREQ=SECONDLY');
    expect(read(calendar(...lines))).toMatchObject({
      times: ['2026-12-10T00:00 2026-12-31T00:00'],
      codes: ['too_many_occurrences'],
    });
  });

  it('is bounded in time with a thousand series that never end and an event of 2 MB', () => {
    const series = Array.from({ length: 1_000 }, (_, at) =>
      event(`UID:${at}`, zoned('DTSTART', '20000101T090000'), 'DURATION:PT30M', 'RRULE:FREQ=DAILY'),
    );
    const large = event(
      'UID:large',
      'DTSTART:20261205T090000Z',
      'DURATION:PT1H',
      `DESCRIPTION:${'x'.repeat(2_000_000)}`,
    );
    const began = performance.now();
    expect(read(calendar(...series.flat(), ...large), { until: '2026-12-08' }).times).toHaveLength(7_001);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('never throws, whatever its text', () => {
    const names = fc.constantFrom(
      'DTSTART',
      'DTEND',
      'DURATION',
      'RRULE',
      'RDATE',
      'EXDATE',
      'RECURRENCE-ID',
      'UID',
      'BEGIN',
      'END',
      'TZID',
      'STATUS',
    );
    const values = fc.oneof(
      fc.constantFrom(
        '20261201T090000Z',
        '20261201',
        'FREQ=DAILY',
        'PT1H',
        'VEVENT',
        'VTIMEZONE',
        'STANDARD',
        '00000101T000000',
        '99991231T235959Z',
        '-P1D',
        'x,y/z',
      ),
      fc.string(),
    );
    const parameters = fc.oneof(
      fc.constant(''),
      fc.constantFrom(
        ';VALUE=DATE',
        ';TZID=Europe/Paris',
        ';TZID=',
        ';;',
        ';RANGE=THISANDFUTURE',
        ';VALUE=PERIOD',
      ),
    );
    const line = fc
      .tuple(names, parameters, values)
      .map(([name, parameter, value]) => `${name}${parameter}:${value}`);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 15 }), (lines) => {
        for (const time of read(calendar('BEGIN:VEVENT', ...lines, 'END:VEVENT', ...sound)).times) {
          const [start = '', end = ''] = time.split(' ');
          expect(start < end).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
