import { expect, it } from 'vitest';
import { auditionPlan } from '../../tests/harness/audition-plan.ts';
import { summaryOf } from './summary.ts';

it('the summary of an audition says project, role and round in words', () => {
  expect(summaryOf(auditionPlan(0))).toBe('The Tempest, Miranda: first round');
  expect(summaryOf(auditionPlan(0, { round: 'chemistry_read' }))).toBe(
    'The Tempest, Miranda: chemistry read',
  );
});
