import { describe, expect, it } from 'vitest';
import type { AuditionId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { auditionsConcerned, type ReportKind } from './meeting-users.ts';

const at = (time: string): Instant => `2026-12-03T${time}:00.000Z`;
const use = (auditionId: AuditionId, start: string, end: string) => ({
  auditionId,
  slot: { start: at(start), end: at(end) },
});
const users = {
  kind: 'session',
  uses: [
    use('aud_1', '09:00', '09:15'),
    use('aud_2', '09:15', '09:30'),
    use('aud_3', '10:00', '10:15'),
    use('aud_4', '14:00', '14:15'),
  ],
} as const;
const concerned = (kind: ReportKind, time: string) => auditionsConcerned(users, kind, at(time));

describe('a report about the room of a casting session', () => {
  it('that the room was opened concerns the audition whose slot it is, or the next one', () => {
    expect(concerned('started', '08:55')).toEqual(['aud_1']);
    expect(concerned('started', '09:15')).toEqual(['aud_2']);
    expect(concerned('started', '09:30')).toEqual(['aud_3']);
    expect(concerned('started', '14:15')).toEqual([]);
  });

  it('that the room was closed concerns those whose slot has begun, and the next one', () => {
    expect(concerned('ended', '08:58')).toEqual(['aud_1']);
    expect(concerned('ended', '09:20')).toEqual(['aud_1', 'aud_2', 'aud_3']);
    expect(concerned('ended', '14:20')).toEqual(['aud_4']);
  });

  it('about a person concerns those whose slot is near', () => {
    expect(concerned('presence', '07:59')).toEqual([]);
    expect(concerned('presence', '09:05')).toEqual(['aud_1', 'aud_2', 'aud_3']);
    expect(concerned('presence', '13:10')).toEqual(['aud_4']);
  });

  it('that the meeting is gone concerns all of them', () => {
    expect(concerned('all', '09:00')).toEqual(['aud_1', 'aud_2', 'aud_3', 'aud_4']);
  });
});

describe('a report about a meeting of one audition', () => {
  it('concerns this audition at any time', () => {
    const own = { kind: 'audition', auditionId: 'aud_9', organization: 'org_1' } as const;
    expect(auditionsConcerned(own, 'started', at('09:00'))).toEqual(['aud_9']);
  });
});
