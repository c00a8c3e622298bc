import { expect, it } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { hour } from '../../domain/time/units.ts';
import { shownSessions } from './shown-sessions.ts';

const now = '2026-12-01T00:00:00.000Z';
/** A session that begins so many hours from now. */
const session = (hours: number) => ({
  start: toInstant(Date.parse(now) + hours * hour),
  end: toInstant(Date.parse(now) + (hours + 1) * hour),
});
const all = [30, -30, 2, -2, 20, -20].map(session);

it('shows the next sessions before those that are over, and of these the latest', () => {
  expect(shownSessions(all, now, 10)).toEqual([-30, -20, -2, 2, 20, 30].map(session));
  expect(shownSessions(all, now, 4)).toEqual([-2, 2, 20, 30].map(session));
  expect(shownSessions(all, now, 2)).toEqual([2, 20].map(session));
  expect(shownSessions(all, now, 0)).toEqual([]);
});
