import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { type BusyTimesQuery, readBusyTimes } from './busy-times.ts';
import type { CalendarFault } from './faults.ts';
import { ianaZone } from './zones/iana-zone.ts';

const calendar = (...lines: readonly string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Test//EN', ...lines, 'END:VCALENDAR', ''].join('\r\n');

const event = (...lines: readonly string[]): readonly string[] => [
  'BEGIN:VEVENT',
  ...(lines.some((line) => line.startsWith('UID')) ? [] : ['UID:event-1']),
  ...lines,
  'END:VEVENT',
];

interface Options {
  readonly from?: string;
  readonly until?: string;
  readonly zone?: string;
  readonly address?: string;
}

const read = (
  text: string,
  {
    from = '2026-12-01',
    until = '2026-12-31',
    zone = 'Europe/Paris',
    address = 'ann@example.com',
  }: Options = {},
) => {
  const faults: CalendarFault[] = [];
  const query: BusyTimesQuery = {
    window: { start: Date.parse(`${from}T00:00Z`), end: Date.parse(`${until}T00:00Z`) },
    owner: ianaZone(zone),
    addresses: new Set([address]),
  };
  const busy = readBusyTimes(text, query, (fault) => faults.push(fault));
  const times = busy.map(({ start, end }) => `${start.slice(0, 16)} ${end.slice(0, 16)}`).sort();
  return { times, faults, codes: faults.map(({ code }) => code) };
};

const zoned = (name: string, ...values: readonly string[]): string =>
  `${name};TZID=Europe/Paris:${values.join()}`;
const daily = [
  zoned('DTSTART', '20261201T100000'),
  zoned('DTEND', '20261201T110000'),
  'RRULE:FREQ=DAILY;COUNT=4',
];
const usual = ['2026-12-01T09:00', '2026-12-02T09:00', '2026-12-03T09:00', '2026-12-04T09:00'];
const startsOf = (times: readonly string[]) => times.map((time) => time.slice(0, 16));

describe('an event', () => {
  it.each([
    [
      'with DTEND in UTC',
      ['DTSTART:20261201T090000Z', 'DTEND:20261201T100000Z'],
      '2026-12-01T09:00 2026-12-01T10:00',
    ],
    ['with DURATION', ['DTSTART:20261201T090000Z', 'DURATION:PT1H30M'], '2026-12-01T09:00 2026-12-01T10:30'],
    [
      'with a duration of weeks',
      ['DTSTART:20261201T090000Z', 'DURATION:P1W'],
      '2026-12-01T09:00 2026-12-08T09:00',
    ],
    ['of a day', ['DTSTART;VALUE=DATE:20261224'], '2026-12-23T23:00 2026-12-24T23:00'],
    [
      'of days',
      ['DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261226'],
      '2026-12-23T23:00 2026-12-25T23:00',
    ],
    [
      'of a day that ends on the same date',
      ['DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261224'],
      '2026-12-23T23:00 2026-12-24T23:00',
    ],
    [
      'of a date without VALUE=DATE',
      ['DTSTART:20261224', 'DTEND:20261225'],
      '2026-12-23T23:00 2026-12-24T23:00',
    ],
    [
      'with floating times',
      ['DTSTART:20261201T090000', 'DTEND:20261201T100000'],
      '2026-12-01T08:00 2026-12-01T09:00',
    ],
    [
      'in a Windows zone',
      ['DTSTART;TZID=Pacific Standard Time:20261201T090000', 'DURATION:PT1H'],
      '2026-12-01T17:00 2026-12-01T18:00',
    ],
    [
      'in a zone with a prefix',
      ['DTSTART;TZID=/freeassociation.sourceforge.net/Asia/Tokyo:20261201T090000', 'DURATION:PT1H'],
      '2026-12-01T00:00 2026-12-01T01:00',
    ],
    [
      'in a zone with two prefixes',
      [
        'DTSTART;TZID=/mozilla.org/20050126_1/America/Argentina/Buenos_Aires:20261201T090000',
        'DURATION:PT1H',
      ],
      '2026-12-01T12:00 2026-12-01T13:00',
    ],
    [
      'that is tentative',
      ['DTSTART:20261201T090000Z', 'DURATION:PT1H', 'STATUS:TENTATIVE'],
      '2026-12-01T09:00 2026-12-01T10:00',
    ],
    [
      'that is out of office',
      ['DTSTART:20261201T090000Z', 'DURATION:PT1H', 'X-MICROSOFT-CDO-BUSYSTATUS:OOF'],
      '2026-12-01T09:00 2026-12-01T10:00',
    ],
    [
      'that another guest has declined',
      ['DTSTART:20261201T090000Z', 'DURATION:PT1H', 'ATTENDEE;PARTSTAT=DECLINED:mailto:carl@example.com'],
      '2026-12-01T09:00 2026-12-01T10:00',
    ],
    [
      'with folded lines',
      ['DTSTART:2026120\r\n 1T090000Z', 'DURATION:\r\n\tPT1H'],
      '2026-12-01T09:00 2026-12-01T10:00',
    ],
  ])('%s blocks its time', (_what, lines, expected) => {
    expect(read(calendar(...event(...lines)))).toEqual({ times: [expected], faults: [], codes: [] });
  });

  it.each([
    ['is transparent', ['TRANSP:TRANSPARENT']],
    ['is cancelled', ['STATUS:CANCELLED']],
    ['is free in Outlook', ['X-MICROSOFT-CDO-BUSYSTATUS:FREE']],
    ['is work elsewhere in Outlook', ['X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE']],
    ['was declined by the owner', ['ATTENDEE;CN="Lee, Ann";PARTSTAT=DECLINED:MAILTO:Ann@Example.com']],
  ])('that %s blocks no time', (_what, lines) => {
    const times = ['DTSTART:20261201T090000Z', 'DURATION:PT1H'];
    expect(read(calendar(...event(...times, ...lines)))).toMatchObject({ times: [], faults: [] });
  });

  it('without an end has no length, and one that ends before it starts is reported', () => {
    expect(read(calendar(...event('DTSTART:20261201T090000Z')))).toMatchObject({ times: [], faults: [] });
    const reversed = event('DTSTART:20261201T090000Z', 'DTEND:20261201T080000Z');
    expect(read(calendar(...reversed))).toMatchObject({ times: [], codes: ['ends_before_start'] });
  });

  it('with the same UID as another is an event of its own', () => {
    const two = [
      event('DTSTART:20261201T090000Z', 'DURATION:PT1H'),
      event('DTSTART:20261202T090000Z', 'DURATION:PT1H'),
    ];
    expect(read(calendar(...two.flat())).times).toHaveLength(2);
  });
});

describe('a series', () => {
  it('keeps its local time when the clocks change', () => {
    const weekly = [
      zoned('DTSTART', '20260301T100000'),
      zoned('DTEND', '20260301T110000'),
      'RRULE:FREQ=WEEKLY',
    ];
    const { times } = read(calendar(...event(...weekly)), { from: '2026-03-20', until: '2026-04-06' });
    expect(startsOf(times)).toEqual(['2026-03-22T09:00', '2026-03-29T08:00', '2026-04-05T08:00']);
  });

  it.each([
    ['EXDATE', [zoned('EXDATE', '20261202T100000', '20261204T100000')], [0, 2]],
    ['EXDATE in UTC', ['EXDATE:20261202T090000Z'], [0, 2, 3]],
    ['EXDATE of a date', ['EXDATE;VALUE=DATE:20261202'], [0, 2, 3]],
    ['EXDATE of the first occurrence', ['EXDATE:20261201T090000Z'], [1, 2, 3]],
    ['EXDATE that cannot be read, with the other dates', ['EXDATE:nonsense,20261202T090000Z'], [0, 2, 3]],
  ])('has no occurrence at an %s', (_what, lines, kept) => {
    const { times } = read(calendar(...event(...daily, ...lines)));
    expect(startsOf(times)).toEqual(kept.map((at) => usual[at]));
  });

  it('has the occurrences of RDATE, with their own length when they are periods', () => {
    const added = [
      zoned('RDATE', '20261210T150000', '20261201T100000'),
      'RDATE;VALUE=PERIOD:20261211T080000Z/PT3H,20261212T080000Z/20261212T120000Z',
    ];
    expect(read(calendar(...event(...daily, ...added))).times.slice(4)).toEqual([
      '2026-12-10T14:00 2026-12-10T15:00',
      '2026-12-11T08:00 2026-12-11T11:00',
      '2026-12-12T08:00 2026-12-12T12:00',
    ]);
  });

  it.each([
    ['in UTC', 'UNTIL=20261203T090000Z', 3],
    ['in UTC, a second too early', 'UNTIL=20261203T085959Z', 2],
    ['as a date', 'UNTIL=20261203', 3],
    ['as a local time', 'UNTIL=20261203T100000', 3],
  ])('ends with an UNTIL %s', (_what, until, count) => {
    const lines = [...daily.slice(0, 2), `RRULE:FREQ=DAILY;${until}`];
    expect(startsOf(read(calendar(...event(...lines))).times)).toEqual(usual.slice(0, count));
  });

  it.each([
    ['a date', 'UNTIL=20261203'],
    ['midnight in UTC', 'UNTIL=20261203T000000Z'],
    ['the end of the owner’s day in UTC', 'UNTIL=20261203T225959Z'],
  ])('of days ends with an UNTIL that is %s', (_what, until) => {
    const lines = ['DTSTART;VALUE=DATE:20261201', `RRULE:FREQ=DAILY;${until}`];
    expect(read(calendar(...event(...lines))).times).toHaveLength(3);
  });

  it('has moved, cancelled and freed occurrences', () => {
    const replaced = (id: string, ...lines: readonly string[]) => event(zoned('RECURRENCE-ID', id), ...lines);
    const { times } = read(
      calendar(
        // The order of the components does not matter.
        ...replaced('20261202T100000', zoned('DTSTART', '20261209T160000'), 'DURATION:PT2H'),
        ...event(...daily),
        ...replaced(
          '20261203T100000',
          zoned('DTSTART', '20261203T100000'),
          'DURATION:PT1H',
          'STATUS:CANCELLED',
        ),
        ...event(
          'RECURRENCE-ID:20261204T090000Z',
          'DTSTART:20261204T090000Z',
          'DURATION:PT1H',
          'TRANSP:TRANSPARENT',
        ),
      ),
    );
    expect(times).toEqual(['2026-12-01T09:00 2026-12-01T10:00', '2026-12-09T15:00 2026-12-09T17:00']);
  });

  it('has occurrences that were moved into the window from outside of it', () => {
    const yearly = [zoned('DTSTART', '20200601T100000'), 'DURATION:PT1H', 'RRULE:FREQ=YEARLY'];
    const moved = event(
      zoned('RECURRENCE-ID', '20260601T100000'),
      zoned('DTSTART', '20261215T100000'),
      'DURATION:PT1H',
    );
    expect(read(calendar(...event(...yearly), ...moved)).times).toEqual([
      '2026-12-15T09:00 2026-12-15T10:00',
    ]);
  });

  it('is changed from one occurrence on by RANGE=THISANDFUTURE', () => {
    const change = event(
      'RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Paris:20261203T100000',
      zoned('DTSTART', '20261203T153000'),
      'DURATION:PT2H',
    );
    const later = event(
      zoned('RECURRENCE-ID', '20261204T100000'),
      zoned('DTSTART', '20261204T080000'),
      'DURATION:PT1H',
    );
    expect(read(calendar(...event(...daily), ...change)).times.slice(2)).toEqual([
      '2026-12-03T14:30 2026-12-03T16:30',
      '2026-12-04T14:30 2026-12-04T16:30',
    ]);
    expect(read(calendar(...event(...daily), ...change, ...later)).times.slice(3)).toEqual([
      '2026-12-04T07:00 2026-12-04T08:00',
    ]);
  });

  it('whose main component is missing has the occurrences that are there', () => {
    const alone = event(
      zoned('RECURRENCE-ID', '20261202T100000'),
      zoned('DTSTART', '20261202T100000'),
      'DURATION:PT1H',
    );
    expect(read(calendar(...alone)).times).toEqual(['2026-12-02T09:00 2026-12-02T10:00']);
  });

  it('has occurrences that reach into the window from before it', () => {
    const monthly = ['DTSTART;VALUE=DATE:20260101', 'DURATION:P40D', 'RRULE:FREQ=MONTHLY'];
    const { times } = read(calendar(...event(...monthly)), { from: '2026-12-09', until: '2026-12-10' });
    expect(startsOf(times)).toEqual(['2026-10-31T23:00', '2026-11-30T23:00']);
  });
});

describe('a clock change', () => {
  const nightly = (zone: string, start: string, length = 'PT1H') =>
    event(`DTSTART;TZID=${zone}:${start}`, `DURATION:${length}`, 'RRULE:FREQ=DAILY');

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
          const expected = Array.from({ length: 800 }, (_, days) => {
            const local = first.plus({ days });
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
  const zone = (tzid: string, ...observances: readonly string[]) => [
    'BEGIN:VTIMEZONE',
    `TZID:${tzid}`,
    ...observances,
    'END:VTIMEZONE',
  ];
  const standard = (...lines: readonly string[]) => ['BEGIN:STANDARD', ...lines, 'END:STANDARD'];
  const daylight = (...lines: readonly string[]) => ['BEGIN:DAYLIGHT', ...lines, 'END:DAYLIGHT'];
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
  const dailyIn = (tzid: string) =>
    event(`DTSTART;TZID=${tzid}:20260101T023000`, 'DURATION:PT1M', 'RRULE:FREQ=DAILY');

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

  it('that nobody defines is reported, and read as the owner’s', () => {
    const lines = event('DTSTART;TZID=Middle Earth/Shire:20261201T100000', 'DURATION:PT1H');
    expect(read(calendar(...lines))).toEqual({
      times: ['2026-12-01T09:00 2026-12-01T10:00'],
      faults: [{ code: 'unknown_zone', uid: 'event-1', about: 'Middle Earth/Shire' }],
      codes: ['unknown_zone'],
    });
  });
});

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
    ['has a parameter without an end', event('DTSTART;TZID="Europe/Paris:20261201T090000'), 'no_start'],
    ['has a rule that cannot be read', event('DTSTART:20270101T090000Z', 'RRULE:EVERY DAY'), 'invalid_rule'],
    [
      'has a rule with an unknown frequency',
      event('DTSTART:20261101T090000Z', 'RRULE:FREQ=OFTEN'),
      'invalid_rule',
    ],
    [
      'has a duration that cannot be read',
      event('DTSTART:20261201T090000Z', 'DURATION:long'),
      'malformed_property',
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
