import { describe, expect, it } from 'vitest';
import type { Meeting, RecordingConsent } from '../audition/events.ts';
import { participantIdSchema } from '../ids.ts';
import { mayRecord, missingConsents, mustApplyConsent } from './recording-consent.ts';

const person = (
  id: string,
  kind: 'performer' | 'reader' | 'casting_director' | 'agent',
  recordingConsent?: 'given' | 'withdrawn',
) => ({ id: participantIdSchema.parse(id), kind, recordingConsent });

describe('consent to a recording', () => {
  it('is complete when the performer and the readers have given it', () => {
    const cast = [
      person('ada', 'performer', 'given'),
      person('rob', 'reader', 'given'),
      person('cas', 'casting_director'),
      person('agt', 'agent'),
    ];
    expect(missingConsents(cast)).toEqual([]);
    expect(mayRecord(cast)).toBe(true);
  });

  it.each([
    ['was never given', undefined],
    ['was withdrawn', 'withdrawn'],
  ] as const)('is missing when that of one person %s', (_case, consent) => {
    const cast = [person('ada', 'performer', 'given'), person('rob', 'reader', consent)];
    expect(missingConsents(cast)).toEqual(['rob']);
    expect(mayRecord(cast)).toBe(false);
  });
});

describe('a consent that changes', () => {
  const meeting: Meeting = { provider: 'zoom', id: '1', joinUrl: 'https://zoom.us/j/1' };
  const withheld: Meeting = { ...meeting, notHonored: ['autoStartRecording'] };

  it.each<[string, RecordingConsent, Meeting | undefined, boolean]>([
    ['a withdrawal, whatever the view says', 'withdrawn', withheld, true],
    ['a withdrawal while the meeting is being created', 'withdrawn', undefined, true],
    ['the last consent', 'given', withheld, true],
    ['the last consent while the meeting is being created', 'given', undefined, true],
    ['a consent that the meeting has', 'given', meeting, false],
  ])(
    'is applied to the meeting when it is not known to have it: %s',
    (_case, consent, present, isApplied) => {
      const performer = { ...person('ada', 'performer'), zone: 'Europe/Paris', required: true };
      const participants = [
        { ...performer, answer: 'none', checkedIn: false, recordingConsent: consent } as const,
      ];
      expect(mustApplyConsent({ meeting: present, recording: 'automatic', participants }, consent)).toBe(
        isApplied,
      );
    },
  );
});
