import { describe, expect, it } from 'vitest';
import { participantIdSchema, projectIdSchema, roleIdSchema } from '../ids.ts';
import { toInstant } from '../time/epoch.ts';
import { minute } from '../time/units.ts';
import type { AuditionFact } from './events.ts';
import { joinStateOf } from './join-state.ts';
import { foldEvents } from './view.ts';

const ada = participantIdSchema.parse('ada');
const rita = participantIdSchema.parse('rita');
const slot = {
  start: '2027-03-01T10:00:00.000Z',
  end: '2027-03-01T10:30:00.000Z',
  zone: 'Europe/Paris',
} as const;
const meeting = { provider: 'zoom', id: '1', joinUrl: 'https://zoom.test/j/1' } as const;

const requested: AuditionFact = {
  type: 'requested',
  auditionId: 'aud_1',
  organization: 'org_1',
  project: projectIdSchema.parse('p'),
  role: roleIdSchema.parse('r'),
  round: 'first',
  participants: [
    { id: ada, kind: 'performer', zone: 'America/New_York', required: true },
    { id: rita, kind: 'reader', zone: 'Europe/London', required: false },
  ],
  joinLinks: { opensBefore: 30 * minute, closesAfter: 15 * minute },
};

const viewAfter = (...more: readonly AuditionFact[]) =>
  foldEvents(
    [
      requested,
      { type: 'holding_started' } as const,
      { type: 'slot_held', slot, revision: 1 } as const,
      { type: 'meeting_created', meeting } as const,
      { type: 'scheduled' } as const,
      ...more,
    ].map((fact, index) => ({
      sequence: index + 1,
      at: '2027-02-01T00:00:00.000Z' as const,
      correlationId: 'c',
      fact,
    })),
  );

const joinLinksWithRoles = {
  opensBefore: 30 * minute,
  crewOpensBefore: 45 * minute,
  closesAfter: 15 * minute,
};

const minutesFromStart = (minutes: number) => toInstant(Date.parse(slot.start) + minutes * minute);

describe('a join link', () => {
  it('opens for a reader before it opens for a performer, when the participants have roles', () => {
    const view = viewAfter();
    const joinLinks = joinLinksWithRoles;
    const at = minutesFromStart(-40);
    expect(joinStateOf({ ...view, joinLinks }, rita, at)).toMatchObject({ kind: 'open' });
    expect(joinStateOf({ ...view, joinLinks }, ada, at)).toMatchObject({ kind: 'early' });
    expect(joinStateOf(view, rita, at)).toMatchObject({ kind: 'early' });
  });

  it('opens with check-in, in the zone of its participant', () => {
    expect(joinStateOf(viewAfter(), ada, minutesFromStart(-31))).toEqual({
      kind: 'early',
      opensAt: minutesFromStart(-30),
      time: { slot, zone: 'America/New_York', isMoved: false },
    });
    expect(joinStateOf(viewAfter(), ada, minutesFromStart(-30))).toMatchObject({
      kind: 'open',
      meetingUrl: meeting.joinUrl,
    });
  });

  it('leads to the present meeting after the audition has moved to another provider', () => {
    const other = { provider: 'google_meet', id: '2', joinUrl: 'https://meet.test/2' } as const;
    const moved = viewAfter(
      { type: 'meeting_lost', meeting, reason: 'outage' },
      { type: 'meeting_created', meeting: other },
    );
    expect(joinStateOf(moved, ada, minutesFromStart(0))).toMatchObject({ meetingUrl: other.joinUrl });
  });

  it('says that the room is being prepared while there is no meeting', () => {
    const between = viewAfter({ type: 'meeting_lost', meeting, reason: 'outage' });
    expect(joinStateOf(between, ada, minutesFromStart(0))).toMatchObject({
      kind: 'open',
      meetingUrl: undefined,
    });
  });

  it('says how the audition takes place when no provider can make a meeting', () => {
    const facts = [
      { type: 'meeting_lost', meeting, reason: 'outage' },
      { type: 'backup_announced', revision: 1 },
    ] as const;
    expect(joinStateOf(viewAfter(...facts), ada, minutesFromStart(0))).toEqual({
      kind: 'open',
      meetingUrl: undefined,
      hasBackup: true,
      time: { slot, zone: 'America/New_York', isMoved: false },
    });
    const kept = viewAfter({ type: 'backup_announced', revision: 1 });
    expect(joinStateOf(kept, ada, minutesFromStart(0))).toMatchObject({
      meetingUrl: meeting.joinUrl,
      hasBackup: true,
    });
  });

  it('is over after the overrun of the session', () => {
    expect(joinStateOf(viewAfter(), ada, minutesFromStart(44)).kind).toBe('open');
    expect(joinStateOf(viewAfter(), ada, minutesFromStart(45)).kind).toBe('over');
  });

  it.each([
    ['a stranger', viewAfter(), participantIdSchema.parse('eve')],
    ['a participant who was removed', viewAfter({ type: 'participant_removed', participant: rita }), rita],
    ['a closed audition', viewAfter({ type: 'cancelled', origin: 'api' }), ada],
  ])('of %s is invalid', (_whose, view, participant) => {
    expect(joinStateOf(view, participant, minutesFromStart(0))).toEqual({ kind: 'invalid' });
  });

  it('of the audition itself opens in the zone of the slot', () => {
    expect(joinStateOf(viewAfter(), undefined, minutesFromStart(-31))).toMatchObject({
      kind: 'early',
      time: { zone: 'Europe/Paris' },
    });
  });

  it('of an audition that was moved says so, with the present time', () => {
    const later = { ...slot, start: '2027-03-02T10:00:00.000Z', end: '2027-03-02T10:30:00.000Z' } as const;
    const moved = viewAfter({ type: 'slot_moved', slot: later, revision: 2, origin: 'api' });
    expect(joinStateOf(moved, ada, minutesFromStart(0))).toMatchObject({
      kind: 'early',
      time: { slot: later, isMoved: true },
    });
  });
});
