/** Awaits a fact by asking for it again and again; fails when it has not come about in time. */
import { setTimeout as pause } from 'node:timers/promises';

export const eventually = async (
  holds: () => Promise<boolean> | boolean,
  withinMs: number,
  explain: () => Promise<string> | string = () => '',
): Promise<void> => {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not so within ${withinMs} ms. ${await explain()}`);
    await pause(50);
  }
};
