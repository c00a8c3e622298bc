import * as fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../errors.ts';
import { checkZone, parseLocalTime } from './local-time.ts';

const refusalOf = (act: () => unknown): Refusal => {
  try {
    act();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('parsing a time', () => {
  it('reads a local time in the zone, in winter and in summer', () => {
    expect(parseLocalTime('2026-12-01T10:00', 'Europe/Paris')).toBe('2026-12-01T09:00:00.000Z');
    expect(parseLocalTime('2026-07-01T10:00', 'Europe/Paris')).toBe('2026-07-01T08:00:00.000Z');
  });

  it('reads a time with an offset or Z independently of the zone', () => {
    expect(parseLocalTime('2026-12-01T10:00+05:30', 'Europe/Paris')).toBe('2026-12-01T04:30:00.000Z');
    expect(parseLocalTime('2026-12-01T10:00:30.250Z', 'Europe/Paris')).toBe('2026-12-01T10:00:30.250Z');
  });

  it('refuses a local time that a clock change skips, and names the nearest times', () => {
    const refusal = refusalOf(() => parseLocalTime('2026-03-29T02:30', 'Europe/Paris', ['/slot/start']));
    expect(refusal.code).toBe('local_time_in_gap');
    expect(refusal.whatToDo).toContain('2026-03-29T01:59 and 2026-03-29T03:00');
    expect(refusal.pointers).toEqual(['/slot/start']);
  });

  it('refuses every minute of the gap and no other minute', () => {
    expect(parseLocalTime('2026-03-29T01:59', 'Europe/Paris')).toBe('2026-03-29T00:59:00.000Z');
    expect(refusalOf(() => parseLocalTime('2026-03-29T02:00', 'Europe/Paris')).code).toBe(
      'local_time_in_gap',
    );
    expect(refusalOf(() => parseLocalTime('2026-03-29T02:59', 'Europe/Paris')).code).toBe(
      'local_time_in_gap',
    );
    expect(parseLocalTime('2026-03-29T03:00', 'Europe/Paris')).toBe('2026-03-29T01:00:00.000Z');
  });

  it('detects gaps of half an hour and of a whole day', () => {
    const halfHour = refusalOf(() => parseLocalTime('2026-10-04T02:15', 'Australia/Lord_Howe'));
    expect(halfHour.whatToDo).toContain('2026-10-04T01:59 and 2026-10-04T02:30');
    const wholeDay = refusalOf(() => parseLocalTime('2011-12-30T10:00', 'Pacific/Apia'));
    expect(wholeDay.whatToDo).toContain('2011-12-29T23:59 and 2011-12-31T00:00');
  });

  it('refuses a local time that a clock change repeats, and names both offsets', () => {
    const refusal = refusalOf(() => parseLocalTime('2026-10-25T02:30', 'Europe/Paris'));
    expect(refusal.code).toBe('local_time_ambiguous');
    expect(refusal.whatToDo).toContain('2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00');
  });

  it('accepts a repeated local time with its offset', () => {
    expect(parseLocalTime('2026-10-25T02:30+02:00', 'Europe/Paris')).toBe('2026-10-25T00:30:00.000Z');
    expect(parseLocalTime('2026-10-25T02:30+01:00', 'Europe/Paris')).toBe('2026-10-25T01:30:00.000Z');
  });

  it.each(['2026-02-30T10:00', '2026-12-01T25:00', '2026-12-01T10:00+99:00', '9999-12-31T23:59-12:00'])(
    'refuses %s, which does not exist',
    (text) => {
      expect(refusalOf(() => parseLocalTime(text, 'Europe/Paris')).code).toBe('invalid_body');
    },
  );

  it('returns the original instant for any local time of several zones', () => {
    const zones = ['Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC'];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) }),
        (zone, epochMs) => {
          const written = DateTime.fromMillis(epochMs, { zone });
          const text = written.toFormat("yyyy-MM-dd'T'HH:mm:ss.SSS");
          const shownTwice = written.getPossibleOffsets().length > 1;
          const read = () => parseLocalTime(text, zone);
          expect(shownTwice ? refusalOf(read).code : Date.parse(read())).toBe(
            shownTwice ? 'local_time_ambiguous' : epochMs,
          );
        },
      ),
    );
  });
});

describe('a zone name', () => {
  it.each([
    'Europe/Paris',
    'America/Argentina/Buenos_Aires',
    'US/Pacific',
    'US/Eastern',
    'Etc/GMT+5',
    'UTC',
    'Asia/Calcutta',
    'Asia/Kolkata',
    'Europe/Kiev',
    'Europe/Kyiv',
    'America/Port_of_Spain',
    'Antarctica/DumontDUrville',
  ])('can be %s', (zone) => expect(() => checkZone(zone)).not.toThrow());

  it('can be any name that Node knows, but in no other spelling', () => {
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      expect(() => checkZone(zone)).not.toThrow();
      expect(() => checkZone(zone.toUpperCase())).toThrow(Refusal);
      expect(() => checkZone(zone.toLowerCase())).toThrow(Refusal);
    }
  });

  it.each([
    'Mars/Olympus',
    '+01:00',
    'europe/paris',
    'Europe/paris',
    'EUROPE/PARIS',
    'Us/Eastern',
    'CEST',
    '',
  ])('cannot be "%s"', (zone) => {
    expect(refusalOf(() => checkZone(zone, ['/slot/zone']))).toMatchObject({
      code: 'unknown_zone',
      pointers: ['/slot/zone'],
    });
  });
});
