import { describe, expect, it } from 'vitest';
import { Refusal } from '../errors.ts';
import { hour, minute } from '../time/units.ts';
import { defaultConflictRules } from './conflict-rules.ts';
import {
  conflictSettingsSchema,
  organizationConflictsSchema,
  resolveConflictRules,
} from './conflict-settings.ts';

const refusalOf = (resolve: () => unknown): unknown => {
  try {
    return resolve();
  } catch (error) {
    return error instanceof Refusal ? { code: error.code, pointers: error.pointers } : error;
  }
};

describe('the rules of an audition', () => {
  it('are the defaults without settings', () => {
    expect(resolveConflictRules()).toEqual(defaultConflictRules);
  });

  it("are those of the request, then the organization's", () => {
    const blackouts = [{ from: '2026-12-24', until: '2026-12-26', zone: 'Europe/Paris' }];
    const organization = { policy: 'propose', buffer: 'PT15M', travel: 'PT1H', blackouts } as const;
    expect(resolveConflictRules({ buffer: 'PT5M', tentative: 'ignore' }, organization)).toEqual({
      ...defaultConflictRules,
      policy: 'propose',
      buffer: 5 * minute,
      travel: hour,
      tentative: 'ignore',
      blackouts,
    });
  });

  it.each([
    ['buffer', 'PT13H', 'invalid_body'],
    ['travel', 'P2D', 'invalid_body'],
    ['waitFor', 'PT0S', 'duration_too_short'],
    ['waitFor', 'PT2H', 'invalid_body'],
  ])('refuse %s of %s', (name, duration, code) => {
    expect(refusalOf(() => resolveConflictRules({ [name]: duration }))).toEqual({
      code,
      pointers: [`/conflicts/${name}`],
    });
  });
});

describe('the settings', () => {
  it('of a request have no blackouts, which belong to the organization and to participants', () => {
    const blackouts = [{ from: '2026-12-24', until: '2026-12-26', zone: 'Europe/Paris' }];
    expect(conflictSettingsSchema.safeParse({ blackouts }).success).toBe(false);
    expect(organizationConflictsSchema.safeParse({ blackouts }).success).toBe(true);
  });

  it.each([[{ from: '2026-12-26', until: '2026-12-24' }], [{ from: '2026-02-30', until: '2026-03-01' }]])(
    'reject the blackout %o',
    (blackout) => {
      const blackouts = [{ ...blackout, zone: 'Europe/Paris' }];
      expect(organizationConflictsSchema.safeParse({ blackouts }).success).toBe(false);
    },
  );
});
