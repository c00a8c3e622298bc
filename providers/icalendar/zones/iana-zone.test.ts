import { describe, expect, it } from 'vitest';
import { ianaNameOf, zoneOfTzid } from './iana-zone.ts';

describe('a TZID', () => {
  it.each([
    ['Europe/Paris', 'Europe/Paris'],
    [' europe/PARIS ', 'Europe/Paris'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['ASIA/CALCUTTA', 'Asia/Calcutta'],
    ['us/pacific', 'US/Pacific'],
    ['est', 'EST'],
    ['gmt', 'UTC'],
    ['W. Europe Standard Time', 'Europe/Berlin'],
    ['w. europe standard time', 'Europe/Berlin'],
    ['Mid-Atlantic Standard Time', 'Etc/GMT+2'],
    ['tzone://Microsoft/Utc', 'UTC'],
    ['/freeassociation.sourceforge.net/europe/paris', 'Europe/Paris'],
    ['/mozilla.org/20050126_1/America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
  ])('%j is the zone %s', (tzid, name) => {
    expect(ianaNameOf(tzid)).toBe(name);
  });

  // A name without an area is too short to be recognized at the end of another one.
  it.each(['Europe/Pariss', 'Custom/EST', '/office.example/GMT', '+01:00', 'Paris', ''])(
    '%j is no known zone',
    (tzid) => {
      expect(ianaNameOf(tzid)).toBeUndefined();
    },
  );

  it('in any spelling is the same zone, so that spellings need no memory', () => {
    const spellings = Array.from({ length: 4_000 }, (_, at) =>
      Array.from('america/indiana/tell_city', (letter, index) =>
        (at >> index) % 2 === 1 ? letter.toUpperCase() : letter,
      ).join(''),
    );
    expect(new Set(spellings.map(zoneOfTzid)).size).toBe(1);
  });
});
