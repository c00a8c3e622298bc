import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../ids.ts';
import { mayRecord, missingConsents } from './recording-consent.ts';

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
