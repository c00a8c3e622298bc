import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../ids.ts';
import { mayRecord, missingConsents, mustApplyConsent } from './recording-consent.ts';

const person = (
  id: string,
  kind: 'performer' | 'reader' | 'casting_director' | 'agent',
  recordingConsent?: 'given' | 'withdrawn',
) => ({ id: participantIdSchema.parse(id), kind, recordingConsent });

describe('consent to a recording', () => {
  it('is complete when everyone but the casting director has given it', () => {
    const cast = [
      person('ada', 'performer', 'given'),
      person('rob', 'reader', 'given'),
      person('cas', 'casting_director'),
      person('agt', 'agent', 'given'),
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

describe('an agent', () => {
  it('is asked like the performer, because a join link lets the agent into the session', () => {
    const cast = [person('ada', 'performer', 'given'), person('agt', 'agent')];
    expect(missingConsents(cast)).toEqual(['agt']);
    expect(mayRecord(cast)).toBe(false);
  });
});

describe('a consent that has changed', () => {
  const meeting = { provider: 'zoom', id: '1', joinUrl: 'https://zoom.test/j/1' } as const;
  const withheld = { ...meeting, notHonored: ['autoStartRecording' as const] };
  const view = {
    state: 'scheduled',
    recording: 'automatic',
    participants: [
      {
        ...person('ada', 'performer', 'given'),
        zone: 'UTC',
        required: true,
        answer: 'none',
        checkedIn: false,
      },
    ],
  } as const;

  it.each([
    ['a withdrawal', 'withdrawn', { meeting }, true],
    ['a withdrawal that the meeting follows already', 'withdrawn', { meeting: withheld }, true],
    ['a withdrawal while the meeting is being replaced', 'withdrawn', {}, true],
    ['the last consent', 'given', { meeting: withheld }, true],
    ['the last consent while the meeting is being replaced', 'given', {}, true],
    ['a consent that the meeting follows', 'given', { meeting }, false],
    [
      'a consent to a meeting that a person has made',
      'given',
      { meeting: { ...meeting, provider: 'manual' } },
      false,
    ],
    ['a withdrawal after the session', 'withdrawn', { meeting, state: 'awaiting_decision' }, false],
    ['a withdrawal when the host starts the recording', 'withdrawn', { meeting, recording: 'by_host' }, true],
    ['a consent when the host starts the recording', 'given', { meeting, recording: 'by_host' }, false],
    ['a refusal when the host starts the recording', 'refused', { meeting, recording: 'by_host' }, false],
    [
      'a withdrawal from a session that is not recorded',
      'withdrawn',
      { meeting, recording: undefined },
      false,
    ],
  ] as const)('is compared with the meeting: %s', (_, consent, more, isApplied) => {
    expect(mustApplyConsent({ ...view, meeting: undefined, ...more }, consent)).toBe(isApplied);
  });
});
