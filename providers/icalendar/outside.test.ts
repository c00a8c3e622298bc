import { describe, expect, it } from 'vitest';
import { isOutside } from './outside.ts';

const window = { start: Date.UTC(2026, 11, 1), end: Date.UTC(2026, 11, 31) };
const outside = (...lines: readonly string[]) => isOutside({ name: 'VEVENT', lines, children: [] }, window);

describe('an event', () => {
  it.each([
    [
      'that ended long ago',
      ['DTSTART;TZID=Europe/Paris:20200101T100000', 'DTEND;TZID=Europe/Paris:20200101T110000'],
    ],
    ['of days that ended long ago', ['DTSTART;VALUE=DATE:20200101', 'DTEND;VALUE=DATE:20200103']],
    ['that begins long after', ['DTSTART:20280101T100000Z', 'DURATION:PT1H']],
  ])('%s is outside the window', (_what, lines) => {
    expect(outside(...lines)).toBe(true);
  });

  it.each([
    ['in the window', ['DTSTART:20261210T100000Z', 'DTEND:20261210T110000Z']],
    ['that lasts into the window', ['DTSTART:20200101T100000Z', 'DTEND:20261202T100000Z']],
    ['that can be in the window in another zone', ['DTSTART:20261129T100000', 'DTEND:20261130T100000']],
    ['whose end is unknown', ['DTSTART:20200101T100000Z', 'DURATION:P3000D']],
    ['whose end cannot be read', ['DTSTART:20200101T100000Z', 'DTEND:later']],
    ['that is a series', ['DTSTART:20200101T100000Z', 'DTEND:20200101T110000Z', 'RRULE:FREQ=DAILY']],
    ['with other dates', ['DTSTART:20200101T100000Z', 'DTEND:20200101T110000Z', 'RDATE:20261210T100000Z']],
    [
      'that replaces an occurrence',
      ['RECURRENCE-ID:20261210T100000Z', 'DTSTART:20200101T100000Z', 'DTEND:20200101T110000Z'],
    ],
    ['without a start', ['DTEND:20200101T110000Z']],
  ])('%s is not outside the window', (_what, lines) => {
    expect(outside(...lines)).toBe(false);
  });
});
