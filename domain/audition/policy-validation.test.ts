import { describe, expect, it } from 'vitest';
import { Refusal } from '../errors.ts';
import { defaultPolicy } from './policy.ts';
import { resolvePolicy } from './policy-validation.ts';

const refusalOf = (overrides: Parameters<typeof resolvePolicy>[0]): unknown => {
  try {
    return resolvePolicy(overrides);
  } catch (error) {
    return error;
  }
};

describe('the policy of an audition', () => {
  it('contains the default for each omitted duration', () => {
    expect(resolvePolicy({})).toEqual(defaultPolicy);
    expect(resolvePolicy({ answerWithin: undefined, stepPatience: 'PT4S' })).toEqual({
      ...defaultPolicy,
      stepPatience: 4_000,
    });
  });

  it('asks about a session without a sign, unless the request says otherwise', () => {
    expect(resolvePolicy({}).noShow).toBe('ask');
    expect(resolvePolicy({ noShow: 'automatic' }).noShow).toBe('automatic');
  });

  it('asks about a moved event, unless the request or the organization says otherwise', () => {
    const organization = { calendarMoves: 'reschedule' } as const;
    expect(resolvePolicy({}).calendarMoves).toBe('ask');
    expect(resolvePolicy({}, organization).calendarMoves).toBe('reschedule');
    expect(resolvePolicy({ calendarMoves: 'ask' }, organization).calendarMoves).toBe('ask');
    expect(resolvePolicy({ calendarMoves: 'reschedule' }).calendarMoves).toBe('reschedule');
  });

  it('has no reminders in calendars unless the request or the organization wants them', () => {
    const organization = { calendarReminders: ['PT30M', 'P1D', 'PT1440M'] };
    expect(resolvePolicy({}).calendarReminders).toEqual([]);
    expect(resolvePolicy({}, organization).calendarReminders).toEqual([86_400_000, 1_800_000]);
    expect(resolvePolicy({ calendarReminders: [] }, organization).calendarReminders).toEqual([]);
    const own = { calendarReminders: 'calendar_default' } as const;
    expect(resolvePolicy(own, organization).calendarReminders).toBe('calendar_default');
  });

  it.each(['PT30S', 'P29D', 'soon'])('refuses the reminder %s', (text) => {
    expect(refusalOf({ calendarReminders: ['PT1H', text] })).toMatchObject({
      code: 'invalid_body',
      pointers: ['/policy/calendarReminders/1'],
    });
  });

  it.each([
    ['attentionSla', 'PT0S', '60 seconds'],
    ['attentionSla', 'PT59S', '60 seconds'],
    ['stepPatience', 'PT0S', '1 seconds'],
    ['meetingPatience', 'P0D', '1 seconds'],
    ['answerWithin', 'PT0S', '1 seconds'],
    ['decisionWithin', 'PT0S', '1 seconds'],
  ] as const)('refuses a %s of %s', (name, text, least) => {
    const refusal = refusalOf({ [name]: text });
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({
      code: 'duration_too_short',
      pointers: [`/policy/${name}`],
      whatToDo: expect.stringContaining(least),
    });
  });

  it.each([
    ['sessionOverrun', 'PT0S', 0],
    ['checkInOpens', 'PT0S', 0],
    ['noShowGrace', 'PT0S', 0],
    ['declineGrace', 'PT0S', 0],
    ['reopenWithin', 'P0D', 0],
    ['reopenWithin', 'P30D', 30 * 86_400_000],
    ['meetingPatience', 'PT1S', 1_000],
    ['attentionSla', 'PT1M', 60_000],
  ] as const)('accepts a %s of %s', (name, text, ms) => {
    expect(resolvePolicy({ [name]: text })[name]).toBe(ms);
  });
});
