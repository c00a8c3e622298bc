import { describe, expect, it } from 'vitest';
import { calendar, event, kindsIn, read, startsOf, zoned } from '../../tests/harness/calendar-text.ts';

const daily = [
  zoned('DTSTART', '20261201T100000'),
  zoned('DTEND', '20261201T110000'),
  'RRULE:FREQ=DAILY;COUNT=4',
];
const usual = ['2026-12-01T09:00', '2026-12-02T09:00', '2026-12-03T09:00', '2026-12-04T09:00'];

const replaced = (id: string, ...lines: readonly string[]) => event(zoned('RECURRENCE-ID', id), ...lines);

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

  it.each([
    ['has neither status nor answer', [], 'busy'],
    ['is private', ['CLASS:PRIVATE'], 'busy'],
    ['is out of office in Outlook', ['X-MICROSOFT-CDO-BUSYSTATUS:OOF', 'STATUS:TENTATIVE'], 'busy'],
    ['is tentative', ['STATUS:TENTATIVE'], 'tentative'],
    ['is tentative in Outlook', ['X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE'], 'tentative'],
    ['the owner has accepted', ['ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.com'], 'busy'],
    ['the owner may attend', ['ATTENDEE;PARTSTAT=TENTATIVE:mailto:ann@example.com'], 'tentative'],
    ['the owner has not answered', ['ATTENDEE:mailto:ann@example.com'], 'tentative'],
    [
      'the owner organizes',
      ['ORGANIZER:mailto:ann@example.com', 'ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ann@example.com'],
      'busy',
    ],
    ['another guest has not answered', ['ATTENDEE:mailto:carl@example.com'], 'busy'],
  ])('that %s counts as it says', (_what, lines, expected) => {
    const times = ['DTSTART:20261201T090000Z', 'DURATION:PT1H'];
    expect(kindsIn(calendar(...event(...times, ...lines)))).toEqual([expected]);
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
    ['before its start, which counts nevertheless', 'UNTIL=20261130T100000', 1],
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
