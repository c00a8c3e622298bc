import { describe, expect, it } from 'vitest';
import { meetingAdvice } from './meeting-advice.ts';

describe('the advice about a host who may have no meetings', () => {
  it.each([
    ['zoom', '3161', 'license'],
    ['google', 'conference_failed', 'license'],
    ['google', 'conference_missing', 'license'],
    ['microsoft', 'teams_not_allowed', 'license'],
    ['microsoft', 'personal_account', 'work or school account'],
  ])('of %s with the code %s says what to do', (vendor, code, remedy) => {
    expect(meetingAdvice[vendor]?.[code]).toContain(remedy);
  });
});
