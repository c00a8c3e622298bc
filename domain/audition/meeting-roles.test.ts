import { describe, expect, it } from 'vitest';
import { leadersOf, opensBefore } from './meeting-roles.ts';
import { withRequirement } from './requirement.ts';

describe('the roles in a meeting', () => {
  it('let the casting directors lead it, whose addresses must be known', () => {
    const cast = [
      { kind: 'performer', email: 'ada@example.com' },
      { kind: 'casting_director', email: 'cas@example.com' },
      { kind: 'reader', email: 'rita@example.com' },
    ] as const;
    expect(leadersOf(cast)).toEqual({ emails: ['cas@example.com'], isComplete: true });
    expect(leadersOf([...cast, { kind: 'casting_director' }])).toEqual({
      emails: ['cas@example.com'],
      isComplete: false,
    });
  });

  it.each([
    ['casting_director', 45],
    ['reader', 45],
    ['performer', 30],
    ['agent', 30],
    [undefined, 30],
  ] as const)('let the crew in before the performers: %s', (kind, minutes) => {
    expect(opensBefore({ opensBefore: 30, crewOpensBefore: 45 }, kind)).toBe(minutes);
    expect(opensBefore({ opensBefore: 30 }, kind)).toBe(30);
  });
});

describe('a participant whose request does not say whether the audition needs them', () => {
  it.each([
    ['performer', true],
    ['reader', true],
    ['casting_director', true],
    ['agent', false],
  ] as const)('is needed, unless it is an agent: %s', (kind, required) => {
    expect(withRequirement({ kind }).required).toBe(required);
    expect(withRequirement({ kind, required: !required }).required).toBe(!required);
  });
});
