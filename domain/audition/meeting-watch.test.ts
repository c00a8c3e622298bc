import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../ids.ts';
import { minute } from '../time/units.ts';
import { isWatched } from './meeting-watch.ts';
import type { AuditionView } from './view.ts';

const start = '2026-12-01T10:00:00.000Z';

type Watched = Parameters<typeof isWatched>[0];
type Person = AuditionView['participants'][number];

const person = (more: Partial<Person> = {}): Person => ({
  id: participantIdSchema.parse('ada'),
  kind: 'performer',
  zone: 'Europe/Paris',
  required: true,
  answer: 'none',
  checkedIn: false,
  ...more,
});

const audition = (provider: 'zoom' | 'google_meet' | 'manual', more: Partial<Watched> = {}): Watched => ({
  state: 'scheduled',
  slot: { start, end: '2026-12-01T10:30:00.000Z', zone: 'Europe/Paris' },
  meeting: { provider, id: '1', joinUrl: 'https://example.com/1' },
  participants: [person()],
  ...more,
});

const isWatchedAt = (view: Watched, minutes: number) => isWatched(view, Date.parse(start) + minutes * minute);

describe('the watch over a meeting', () => {
  it('begins 15 minutes before the slot, and ends 10 minutes after its start', () => {
    const watched = [-15.1, -15, -1, 0, 9.9, 10].filter((minutes) => isWatchedAt(audition('zoom'), minutes));
    expect(watched).toEqual([-15, -1, 0, 9.9]);
  });

  it('is not kept over a meeting that a person has created, nor without one', () => {
    expect(isWatchedAt(audition('manual'), -1)).toBe(false);
    expect(isWatchedAt(audition('zoom', { meeting: undefined }), -1)).toBe(false);
  });

  it('ends with the first person in the meeting, once the slot has begun', () => {
    const participants = [person({ presence: { status: 'present', joinedAt: start, isLate: false } })];
    expect(isWatchedAt(audition('zoom', { participants }), -1)).toBe(true);
    expect(isWatchedAt(audition('zoom', { participants }), 1)).toBe(false);
  });

  it('ends with the first check-in at a provider that does not report who is present', () => {
    const participants = [person({ checkedIn: true })];
    expect(isWatchedAt(audition('zoom', { participants, state: 'in_progress' }), 1)).toBe(true);
    expect(isWatchedAt(audition('google_meet', { participants, state: 'in_progress' }), 1)).toBe(false);
  });

  it('goes on while performers wait for their admission', () => {
    const joinLinks = { opensBefore: 0, closesAfter: 0, admission: 'in_turn' } as const;
    const waiting = audition('google_meet', { participants: [person({ checkedIn: true })], joinLinks });
    expect(isWatchedAt(waiting, 1)).toBe(true);
    expect(isWatchedAt({ ...waiting, state: 'in_progress' }, 1)).toBe(false);
  });
});
