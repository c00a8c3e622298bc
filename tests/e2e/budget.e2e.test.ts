/** Checks the budget of one audition: each history event is stored and replayed, and each action is billed. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareWithBudget, isWithin } from '../bench/cost/budget.ts';
import { playBudgetedAudition } from '../bench/cost/budgeted-audition.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startService();
  await service.startWorker();
});
afterAll(() => service.close());

it('an audition with a reschedule and two reminders stays within its budget', async () => {
  const cost = await playBudgetedAudition(service, 1);
  const exceeded = (await compareWithBudget(cost)).filter((line) => !isWithin(line));
  const hint =
    'The cost of an audition exceeds its budget. If this is intended, raise tests/bench/budget.json to the figures ' +
    'that `npm run bench` prints, and give the reason in the commit.';
  expect(exceeded, hint).toEqual([]);
  expect(cost.retries).toBe(0);
});
