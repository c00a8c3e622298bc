import * as fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { calendar, event, read, startsOf, zoned } from '../../../tests/harness/calendar-text.ts';

const nightly = (zone: string, start: string, length = 'PT1H') =>
  event(`DTSTART;TZID=${zone}:${start}`, `DURATION:${length}`, 'RRULE:FREQ=DAILY');

const zone = (tzid: string, ...observances: readonly string[]) => [
  'BEGIN:VTIMEZONE',
  `TZID:${tzid}`,
  ...observances,
  'END:VTIMEZONE',
];

const standard = (...lines: readonly string[]) => ['BEGIN:STANDARD', ...lines, 'END:STANDARD'];

const daylight = (...lines: readonly string[]) => ['BEGIN:DAYLIGHT', ...lines, 'END:DAYLIGHT'];

const dailyIn = (tzid: string) =>
  event(`DTSTART;TZID=${tzid}:20260101T023000`, 'DURATION:PT1M', 'RRULE:FREQ=DAILY');

const custom = zone(
  'Customized Time Zone',
  ...standard(
    'DTSTART:16010101T030000',
    'TZOFFSETFROM:+0200',
    'TZOFFSETTO:+0100',
    'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
  ),
  ...daylight(
    'DTSTART:16010101T020000',
    'TZOFFSETFROM:+0100',
    'TZOFFSETTO:+0200',
    'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3',
  ),
);

describe('a clock change', () => {
  it.each([
    [
      'Europe/Paris',
      '20260301T023000',
      '2026-03-28',
      '2026-03-31',
      ['2026-03-28T01:30', '2026-03-29T01:30', '2026-03-30T00:30'],
    ],
    [
      'Europe/Paris',
      '20261001T023000',
      '2026-10-24',
      '2026-10-27',
      ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30'],
    ],
    [
      'America/New_York',
      '20260301T023000',
      '2026-03-07',
      '2026-03-10',
      ['2026-03-07T07:30', '2026-03-08T07:30', '2026-03-09T06:30'],
    ],
    [
      'America/New_York',
      '20261001T013000',
      '2026-10-31',
      '2026-11-03',
      ['2026-10-31T05:30', '2026-11-01T05:30', '2026-11-02T06:30'],
    ],
    // Half an hour, in the south: the gap is in October, the overlap in April.
    [
      'Australia/Lord_Howe',
      '20261001T021500',
      '2026-10-02',
      '2026-10-05',
      ['2026-10-02T15:45', '2026-10-03T15:45', '2026-10-04T15:15'],
    ],
    [
      'Australia/Lord_Howe',
      '20260401T014500',
      '2026-04-03',
      '2026-04-06',
      ['2026-04-03T14:45', '2026-04-04T14:45', '2026-04-05T15:15'],
    ],
    // Midnight does not exist.
    [
      'America/Santiago',
      '20260901T000000',
      '2026-09-05',
      '2026-09-08',
      ['2026-09-05T04:00', '2026-09-06T04:00', '2026-09-07T03:00'],
    ],
    // A whole day does not exist.
    [
      'Pacific/Apia',
      '20111201T100000',
      '2011-12-29',
      '2012-01-01',
      ['2011-12-29T20:00', '2011-12-30T20:00', '2011-12-30T20:00', '2011-12-31T20:00'],
    ],
  ])('in %s moves a series at %s as its clock does', (zone, start, from, until, expected) => {
    expect(startsOf(read(calendar(...nightly(zone, start)), { from, until }).times)).toEqual(expected);
  });

  it('lengthens a whole day, and a duration in days, but not one in hours', () => {
    const window = { from: '2026-10-24', until: '2026-10-27' };
    const lengthOf = (...lines: readonly string[]) => read(calendar(...event(...lines)), window).times;
    expect(lengthOf('DTSTART;VALUE=DATE:20261025')).toEqual(['2026-10-24T22:00 2026-10-25T23:00']);
    const start = zoned('DTSTART', '20261024T120000');
    expect(lengthOf(start, 'DURATION:P1D')).toEqual(['2026-10-24T10:00 2026-10-25T11:00']);
    expect(lengthOf(start, 'DURATION:PT24H')).toEqual(['2026-10-24T10:00 2026-10-25T10:00']);
  });

  it('moves occurrences as luxon moves them, in every zone', () => {
    const zones = [
      'Europe/Paris',
      'America/New_York',
      'Australia/Lord_Howe',
      'America/Santiago',
      'Africa/Casablanca',
      'Asia/Kolkata',
      'Pacific/Auckland',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 23 }),
        fc.constantFrom(0, 15, 30, 45),
        fc.integer({ min: 0, max: 364 }),
        (zone, hour, minute, shift) => {
          const first = DateTime.fromObject({ year: 2025, month: 6, day: 1, hour, minute }, { zone });
          const from = DateTime.fromISO('2026-01-01', { zone: 'utc' }).plus({ days: shift });
          const until = from.plus({ days: 10 });
          const { times } = read(calendar(...nightly(zone, first.toFormat("yyyyMMdd'T'HHmmss"), 'PT1M')), {
            from: from.toISODate() ?? '',
            until: until.toISODate() ?? '',
          });
          const before = Math.floor(from.diff(first, 'days').days) - 1;
          const expected = Array.from({ length: 14 }, (_, days) => {
            const local = first.plus({ days: before + days });
            // luxon reads a skipped time with the offset before the gap, and a repeated one as either of both.
            return Math.min(...local.getPossibleOffsets().map((possible) => possible.toMillis()));
          }).filter((at) => at < until.toMillis() && at + 60_000 > from.toMillis());
          expect(startsOf(times)).toEqual(expected.map((at) => new Date(at).toISOString().slice(0, 16)));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a zone of the calendar', () => {
  it('has the clock that its definition gives it', () => {
    for (const [from, until] of [
      ['2026-03-27', '2026-04-01'],
      ['2026-10-23', '2026-10-28'],
      ['2027-06-01', '2027-06-03'],
    ]) {
      const window = { from: from ?? '', until: until ?? '' };
      const inCustom = read(calendar(...custom, ...dailyIn('Customized Time Zone')), window);
      expect(inCustom.faults).toEqual([]);
      expect(inCustom.times).toEqual(read(calendar(...dailyIn('Europe/Paris')), window).times);
    }
  });

  it('is that of the IANA database when it has its name', () => {
    const wrong = zone(
      'Europe/Paris',
      ...standard('DTSTART:19700101T000000', 'TZOFFSETFROM:+0900', 'TZOFFSETTO:+0900'),
    );
    const lines = event(zoned('DTSTART', '20261201T100000'), 'DURATION:PT1H');
    expect(read(calendar(...wrong, ...lines)).times).toEqual(['2026-12-01T09:00 2026-12-01T10:00']);
  });

  it.each(['EST', 'GMT', 'Custom/EST', 'CET'])('has the clock of its definition as %s', (tzid) => {
    const defined = zone(
      tzid,
      ...standard(
        'DTSTART:20071104T020000',
        'TZOFFSETFROM:-0400',
        'TZOFFSETTO:-0500',
        'RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU',
      ),
      ...daylight(
        'DTSTART:20070311T020000',
        'TZOFFSETFROM:-0500',
        'TZOFFSETTO:-0400',
        'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU',
      ),
    );
    const lines = event(`DTSTART;TZID=${tzid}:20260701T100000`, 'DURATION:PT1H');
    const window = { from: '2026-07-01', until: '2026-07-02' };
    expect(read(calendar(...defined, ...lines), window)).toMatchObject({
      times: ['2026-07-01T14:00 2026-07-01T15:00'],
      faults: [],
    });
  });

  it.each([
    ['EST', '2026-07-01T15:00'],
    ['GMT', '2026-07-01T10:00'],
    ['CET', '2026-07-01T08:00'],
  ])('is that of the IANA database as %s when it is not defined', (tzid, start) => {
    const lines = event(`DTSTART;TZID=${tzid}:20260701T100000`, 'DURATION:PT1H');
    const found = read(calendar(...lines), { from: '2026-07-01', until: '2026-07-02' });
    expect([startsOf(found.times), found.faults]).toEqual([[start], []]);
  });

  it('is that of X-LIC-LOCATION', () => {
    const located = zone('My zone', 'X-LIC-LOCATION:Asia/Tokyo');
    const lines = event('DTSTART;TZID=My zone:20261201T090000', 'DURATION:PT1H');
    expect(read(calendar(...located, ...lines)).times).toEqual(['2026-12-01T00:00 2026-12-01T01:00']);
  });

  it('that changed for the last time long ago keeps its last offset', () => {
    const old = zone(
      'Old',
      ...standard(
        'DTSTART:19900930T030000',
        'TZOFFSETFROM:+0400',
        'TZOFFSETTO:+0300',
        'RRULE:FREQ=YEARLY;BYMONTH=9;BYDAY=-1SU;UNTIL=20100926T000000Z',
      ),
      ...daylight(
        'DTSTART:19900325T020000',
        'TZOFFSETFROM:+0300',
        'TZOFFSETTO:+0400',
        'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20110326T230000Z',
      ),
    );
    const lines = event('DTSTART;TZID=Old:20261201T090000', 'DURATION:PT1H');
    expect(read(calendar(...old, ...lines)).times).toEqual(['2026-12-01T05:00 2026-12-01T06:00']);
  });

  it('that changed for the last time after a counted number of years keeps its last offset', () => {
    const counted = zone(
      'Counted',
      ...standard(
        'DTSTART:19900304T030000',
        'TZOFFSETFROM:-0200',
        'TZOFFSETTO:-0300',
        'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=1SU;COUNT=6',
      ),
      ...daylight(
        'DTSTART:19901007T020000',
        'TZOFFSETFROM:-0300',
        'TZOFFSETTO:-0200',
        'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU;COUNT=5',
      ),
    );
    const lines = event('DTSTART;TZID=Counted:20261201T090000', 'DURATION:PT1H');
    expect(read(calendar(...counted, ...lines)).times).toEqual(['2026-12-01T12:00 2026-12-01T13:00']);
  });

  it('is found by its name in another case, and by offsets with a colon', () => {
    const lines = event('DTSTART;TZID=my zone:20261201T090000', 'DURATION:PT1H');
    const named = zone(
      'My Zone ',
      ...standard('DTSTART:20200101T000000', 'TZOFFSETFROM:+03:00', 'TZOFFSETTO:+03:00'),
    );
    expect(read(calendar(...named, ...lines))).toMatchObject({
      times: ['2026-12-01T06:00 2026-12-01T07:00'],
      faults: [],
    });
  });

  it('without a definition is reported, and read as the owner’s', () => {
    const lines = event('DTSTART;TZID=Middle Earth/Shire:20261201T100000', 'DURATION:PT1H');
    expect(read(calendar(...lines))).toEqual({
      times: ['2026-12-01T09:00 2026-12-01T10:00'],
      faults: [{ code: 'unknown_zone', uid: 'event-1', about: 'Middle Earth/Shire' }],
      codes: ['unknown_zone'],
    });
  });
});
