/** Compares the cost of an audition with the budget in budget.json. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Cost } from '../../../infra/stack/demo/cost.ts';

const budgetSchema = z.strictObject({
  events: z.int(),
  activities: z.int(),
  localActivities: z.int(),
  billableActions: z.int(),
});
type Figure = keyof z.infer<typeof budgetSchema>;

export interface BudgetLine {
  readonly figure: Figure;
  readonly cost: number;
  readonly budget: number;
}

/** Returns each figure with its budget. */
export const compareWithBudget = async (cost: Cost): Promise<readonly BudgetLine[]> => {
  const text = await readFile(new URL('../budget.json', import.meta.url), 'utf8');
  const budget = budgetSchema.parse(JSON.parse(text));
  return figures.map((figure) => ({ figure, cost: cost[figure], budget: budget[figure] }));
};

const figures = ['events', 'activities', 'localActivities', 'billableActions'] as const;

export const isWithin = ({ cost, budget }: BudgetLine): boolean => cost <= budget;
