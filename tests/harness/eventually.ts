/**
 * Polls until the condition holds.
 * @throws Error with the text of `explain` when it does not hold within `withinMs` milliseconds
 */
import { setTimeout as pause } from 'node:timers/promises';

export const eventually = async (
  holds: () => Promise<boolean> | boolean,
  withinMs: number,
  explain: () => Promise<string> | string = () => '',
): Promise<void> => {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline)
      throw new Error(`the condition did not hold within ${withinMs} ms. ${await explain()}`);
    await pause(50);
  }
};
