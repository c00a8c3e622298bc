import { describe, expect, it } from 'vitest';
import type { AuditionEvent, AuditionFact } from '../../domain/audition/events.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { withCorrelation } from './correlation.ts';
import { createFactLog } from './fact-log.ts';

const event = (sequence: number, correlationId: string, fact: AuditionFact): AuditionEvent => ({
  sequence,
  at: toInstant(0),
  correlationId,
  fact,
});
const logged = () => {
  const lines: object[] = [];
  return { lines, log: createFactLog({ info: (about, message) => lines.push({ ...about, message }) }) };
};

describe('the fact log', () => {
  it('writes one line for the facts of an append, without their contents', () => {
    const { lines, log } = logged();
    const person = { type: 'declined', participant: participantIdSchema.parse('ada') } as const;
    log('aud_1', [event(1, 'c', { type: 'scheduled' }), event(2, 'c', person)]);
    expect(lines).toEqual([
      {
        correlationId: 'c',
        auditionId: 'aud_1',
        facts: ['scheduled', 'declined'],
        sequence: 2,
        message: 'facts appended',
      },
    ]);
  });

  it('names the request that facts follow from beside the id of the audition', () => {
    const { lines, log } = logged();
    withCorrelation({ correlationId: 'of the audition' }, () => {
      log('aud_1', [
        event(1, 'of the audition', { type: 'scheduled' }),
        event(2, 'of the answer', { type: 'confirmed' }),
      ]);
    });
    expect(lines).toMatchObject([
      { correlationId: 'of the audition', facts: ['scheduled'] },
      { correlationId: 'of the audition', causedBy: 'of the answer', facts: ['confirmed'] },
    ]);
  });

  it('names the principals, with a line for each', () => {
    const { lines, log } = logged();
    log('aud_1', [
      { ...event(1, 'c', { type: 'confirmed' }), principal: 'key_1' },
      { ...event(2, 'c', { type: 'no_show' }), principal: 'system' },
    ]);
    expect(lines).toMatchObject([
      { principal: 'key_1', facts: ['confirmed'] },
      { principal: 'system', facts: ['no_show'] },
    ]);
  });

  it('writes nothing for an append of facts that were in the trail already', () => {
    const { lines, log } = logged();
    log('aud_1', []);
    expect(lines).toEqual([]);
  });
});
