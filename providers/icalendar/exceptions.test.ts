import { describe, expect, it } from 'vitest';
import { calendar, event, read, startsOf, zoned } from '../../tests/harness/calendar-text.ts';

const override = (start: string, ...lines: readonly string[]) =>
  event(zoned('RECURRENCE-ID', '20261202T100000'), zoned('DTSTART', start), 'DURATION:PT1H', ...lines);

describe('two components for one occurrence', () => {
  const series = event(zoned('DTSTART', '20261201T100000'), 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=3');
  const others = ['2026-12-01T09:00', '2026-12-03T09:00'];

  it('count once: the one with the higher sequence', () => {
    const newer = override('20261205T150000', 'SEQUENCE:3', 'DTSTAMP:20261101T000000Z');
    const older = override('20261206T150000', 'SEQUENCE:2', 'DTSTAMP:20261102T000000Z');
    for (const both of [
      [newer, older],
      [older, newer],
    ]) {
      expect(startsOf(read(calendar(...series, ...both.flat())).times)).toEqual([
        ...others,
        '2026-12-05T14:00',
      ]);
      expect(startsOf(read(calendar(...both.flat())).times)).toEqual(['2026-12-05T14:00']);
    }
  });

  it('count once with the same sequence: the one with the later stamp', () => {
    const newer = event(
      'RECURRENCE-ID:20261202T090000Z',
      zoned('DTSTART', '20261205T150000'),
      'DURATION:PT1H',
      'DTSTAMP:20261102T000000Z',
    );
    const older = override('20261206T150000', 'DTSTAMP:20261101T000000Z');
    expect(startsOf(read(calendar(...series, ...newer, ...older)).times)).toEqual([
      ...others,
      '2026-12-05T14:00',
    ]);
  });

  it('count once when the newer one cancels', () => {
    const newer = override('20261202T100000', 'SEQUENCE:3', 'STATUS:CANCELLED');
    const older = override('20261206T150000', 'SEQUENCE:2');
    expect(startsOf(read(calendar(...series, ...newer, ...older)).times)).toEqual(others);
  });
});

describe('a change of all later occurrences', () => {
  const series = event(zoned('DTSTART', '20261201T100000'), 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=4');
  const later = event(
    zoned('RECURRENCE-ID;RANGE=THISANDFUTURE', '20261202T100000'),
    zoned('DTSTART', '20261202T120000'),
    'DURATION:PT1H',
  );

  it('leaves its first occurrence to a change of that one', () => {
    const first = override('20261202T150000');
    expect(startsOf(read(calendar(...series, ...later, ...first)).times)).toEqual([
      '2026-12-01T09:00',
      '2026-12-02T14:00',
      '2026-12-03T11:00',
      '2026-12-04T11:00',
    ]);
  });

  it('moves later occurrences by its own shift when it names the day only', () => {
    const change = event(
      'RECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20261202',
      zoned('DTSTART', '20261202T120000'),
      'DURATION:PT1H',
    );
    expect(startsOf(read(calendar(...series, ...change)).times)).toEqual([
      '2026-12-01T09:00',
      '2026-12-02T11:00',
      '2026-12-03T11:00',
      '2026-12-04T11:00',
    ]);
  });

  it('moves the periods of RDATE too, which keep their own length unless it changes the length', () => {
    const periods = 'RDATE;VALUE=PERIOD:20261201T150000Z/PT30M,20261210T150000Z/PT30M';
    const times = (length: string) => {
      const change = event(
        zoned('RECURRENCE-ID;RANGE=THISANDFUTURE', '20261202T100000'),
        zoned('DTSTART', '20261202T120000'),
        `DURATION:${length}`,
      );
      return read(calendar(...series.slice(0, -1), periods, ...series.slice(-1), ...change)).times;
    };
    expect(times('PT1H')).toContain('2026-12-10T17:00 2026-12-10T17:30');
    expect(times('PT2H')).toContain('2026-12-10T17:00 2026-12-10T19:00');
    for (const length of ['PT1H', 'PT2H']) {
      expect(times(length)).toContain('2026-12-01T15:00 2026-12-01T15:30');
      expect(times(length)).not.toContain('2026-12-10T15:00 2026-12-10T15:30');
    }
  });

  it('moves the periods of RDATE in a series of days by days, and keeps their times', () => {
    const days = event(
      'DTSTART;VALUE=DATE:20261201',
      'RRULE:FREQ=DAILY;COUNT=2',
      'RDATE;VALUE=PERIOD:20261210T150000Z/PT30M,20261210T180000Z/PT1H',
    );
    const change = event(
      'RECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20261202',
      'DTSTART;VALUE=DATE:20261203',
    );
    expect(read(calendar(...days, ...change)).times.slice(-2)).toEqual([
      '2026-12-11T15:00 2026-12-11T15:30',
      '2026-12-11T18:00 2026-12-11T19:00',
    ]);
  });

  it('leaves its first occurrence to the cancellation of that one', () => {
    const first = override('20261202T100000', 'STATUS:CANCELLED');
    expect(startsOf(read(calendar(...series, ...first, ...later)).times)).toEqual([
      '2026-12-01T09:00',
      '2026-12-03T11:00',
      '2026-12-04T11:00',
    ]);
  });
});

describe('an exception of a series of days', () => {
  const days = ['DTSTART;VALUE=DATE:20261201', 'RRULE:FREQ=DAILY;COUNT=4'];
  const startsIn = (zone: string, ...lines: readonly string[]) =>
    startsOf(read(calendar(...event(...days), ...lines), { zone }).times);
  const excluded = (zone: string, line: string) =>
    startsOf(read(calendar(...event(...days, line)), { zone }).times);

  it('in UTC removes the day of its owner', () => {
    // Midnight of December 3 in Paris.
    expect(excluded('Europe/Paris', 'EXDATE:20261202T230000Z')).toEqual([
      '2026-11-30T23:00',
      '2026-12-01T23:00',
      '2026-12-03T23:00',
    ]);
    expect(excluded('America/New_York', 'EXDATE:20261203T050000Z')).toEqual([
      '2026-12-01T05:00',
      '2026-12-02T05:00',
      '2026-12-04T05:00',
    ]);
  });

  it('at midnight in UTC removes the day that its digits name', () => {
    expect(excluded('America/New_York', 'EXDATE:20261203T000000Z')).toEqual([
      '2026-12-01T05:00',
      '2026-12-02T05:00',
      '2026-12-04T05:00',
    ]);
  });

  it('in another zone replaces the day of its owner', () => {
    const moved = event('RECURRENCE-ID;TZID=America/New_York:20261202T180000', 'DTSTART;VALUE=DATE:20261220');
    expect(startsIn('Europe/Paris', ...moved)).toEqual([
      '2026-11-30T23:00',
      '2026-12-01T23:00',
      '2026-12-03T23:00',
      '2026-12-19T23:00',
    ]);
  });
});

const inNewYork = (...lines: readonly string[]) =>
  event(
    'DTSTART;TZID=America/New_York:20261201T100000',
    'DTEND:20261201T110000',
    'RRULE:FREQ=DAILY;COUNT=3',
    ...lines,
  );

const timesOf = (...lines: readonly string[]) => read(calendar(...lines), { zone: 'Asia/Tokyo' }).times;

describe('a time without a zone in a series that has one', () => {
  const [first, second, third] = [1, 2, 3].map((date) => `2026-12-0${date}T15:00 2026-12-0${date}T16:00`);

  it('is on the clock of the series as DTEND and EXDATE', () => {
    expect(timesOf(...inNewYork())).toEqual([first, second, third]);
    expect(timesOf(...inNewYork('EXDATE:20261202T100000'))).toEqual([first, third]);
  });

  it('is on the clock of the series as RDATE', () => {
    const added = inNewYork('RDATE:20261205T120000', 'RDATE;VALUE=PERIOD:20261206T120000/20261206T123000');
    expect(timesOf(...added).slice(3)).toEqual([
      '2026-12-05T17:00 2026-12-05T18:00',
      '2026-12-06T17:00 2026-12-06T17:30',
    ]);
  });

  it('is on the clock of the series as RECURRENCE-ID', () => {
    const moved = event(
      'RECURRENCE-ID:20261202T100000',
      'DTSTART;TZID=America/New_York:20261202T150000',
      'DURATION:PT1H',
    );
    expect(timesOf(...inNewYork(), ...moved)).toEqual([first, '2026-12-02T20:00 2026-12-02T21:00', third]);
  });
});
