import { describe, expect, it } from 'vitest';
import { calendar, event, read } from '../../tests/harness/calendar-text.ts';

describe('an event that is nearly valid', () => {
  const start = 'DTSTART:20261201T090000Z';
  it.each([
    [
      'ends at 24 o’clock',
      ['DTSTART:20261201T220000Z', 'DTEND:20261201T240000Z'],
      '2026-12-01T22:00 2026-12-02T00:00',
    ],
    [
      'has times without seconds',
      ['DTSTART:20261201T0900Z', 'DTEND:20261201T1000Z'],
      '2026-12-01T09:00 2026-12-01T10:00',
    ],
    [
      'has lower-case times',
      ['DTSTART:20261201t090000z', 'DTEND:20261201t100000z'],
      '2026-12-01T09:00 2026-12-01T10:00',
    ],
    [
      'names its zone in a quote that is not closed',
      ['DTSTART;TZID="Europe/Paris:20261201T090000', 'DURATION:PT1H'],
      '2026-12-01T08:00 2026-12-01T09:00',
    ],
    ['ends with a leap second', [start, 'DTEND:20261201T095960Z'], '2026-12-01T09:00 2026-12-01T10:00'],
    ['has a separated time', [start, 'DTEND:2026-12-01T10:00:00Z'], '2026-12-01T09:00 2026-12-01T10:00'],
  ])('blocks its time when it %s', (_what, lines, expected) => {
    expect(read(calendar(...event(...lines)))).toEqual({ times: [expected], faults: [], codes: [] });
  });

  it('blocks its time in a zone that it defines under a name with a colon and without quotes', () => {
    const tzid = '(UTC+02:00) Custom, Zone';
    const zone = [
      'BEGIN:VTIMEZONE',
      `TZID:${tzid}`,
      'BEGIN:STANDARD',
      'DTSTART:16010101T000000',
      'TZOFFSETFROM:+0200',
      'TZOFFSETTO:+0200',
      'END:STANDARD',
      'END:VTIMEZONE',
    ];
    const lines = event(`DTSTART;TZID=${tzid}:20261201T090000`, `DTEND;TZID=${tzid}:20261201T100000`);
    expect(read(calendar(...zone, ...lines))).toEqual({
      times: ['2026-12-01T07:00 2026-12-01T08:00'],
      faults: [],
      codes: [],
    });
  });

  it.each([
    [
      'an end that cannot be read and a duration',
      [start, 'DTEND:later', 'DURATION:PT2H'],
      '2026-12-01T11:00',
    ],
    ['an end that cannot be read', [start, 'DTEND:later'], '2026-12-02T09:00'],
    ['an end on a day that does not exist', [start, 'DTEND:20261232T100000Z'], '2026-12-02T09:00'],
    ['a duration that cannot be read', [start, 'DURATION:long'], '2026-12-02T09:00'],
  ])('is reported and blocks time when it has %s', (_what, lines, end) => {
    const { times, codes } = read(calendar(...event(...lines)));
    expect(times).toEqual([`2026-12-01T09:00 ${end}`]);
    expect(codes).toEqual(['malformed_property']);
  });
});
