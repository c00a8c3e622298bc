import { expect, it } from 'vitest';
import { ianaZoneOf } from './windows-zones.ts';

it.each([
  ['Pacific Standard Time', 'America/Los_Angeles'],
  ['W. Europe Standard Time', 'Europe/Berlin'],
  ['India Standard Time', 'Asia/Calcutta'],
  ['AUS Eastern Standard Time', 'Australia/Sydney'],
  ['kamchatka standard time', 'Asia/Kamchatka'],
  ['tzone://Microsoft/Utc', 'UTC'],
  ['UTC', 'UTC'],
  ['Europe/Paris', 'Europe/Paris'],
  ['tzone://Microsoft/Custom', undefined],
  ['Customized Time Zone', undefined],
  ['constructor', undefined],
  ['', undefined],
])('the zone %s is %s in the IANA database', (name, expected) => {
  expect(ianaZoneOf(name)).toBe(expected);
});
