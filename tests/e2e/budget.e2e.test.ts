/** What one audition costs, kept: each history event is stored and replayed, each action is billed. */
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

it('an audition with a reschedule and two reminders costs no more than its budget', async () => {
  const cost = await playBudgetedAudition(service, 1);
  const beyond = (await compareWithBudget(cost)).filter((line) => !isWithin(line));
  const hint =
    'An audition has become dearer. If that is meant, raise tests/bench/budget.json to what `npm run bench` prints, ' +
    'and say in the commit what it buys.';
  expect(beyond, hint).toEqual([]);
  expect(cost.retries).toBe(0);
});
