import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { claimProgress, countStep } from './progress.ts';
import { startWatchdog } from './watchdog.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const threadId = 7;
const limitMs = 5_000;

/** Starts a watchdog with one thread, and a function that makes the thread begin or end a request. */
const watched = (interrupt: (id: number) => Promise<boolean> = async () => true) => {
  const interrupted = vi.fn(interrupt);
  const logged: string[] = [];
  const watchdog = startWatchdog({
    interrupt: interrupted,
    logger: { error: (_fields: unknown, message?: string) => void logged.push(message ?? '') },
  });
  const progress = watchdog.watch();
  claimProgress(progress, threadId);
  return { watchdog, interrupted, logged, step: () => countStep(progress) };
};

describe('startWatchdog', () => {
  it('interrupts a thread that makes no step within the limit', async () => {
    const { interrupted, logged, step } = watched();
    step();
    await vi.advanceTimersByTimeAsync(limitMs);
    expect(interrupted).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(limitMs / 10);
    expect(interrupted.mock.calls).toEqual([[threadId]]);
    expect(logged).toEqual(['workflow code exceeded its time limit; interrupting it']);
  });

  it('interrupts neither an idle thread nor a busy thread', async () => {
    const { interrupted, step } = watched();
    await vi.advanceTimersByTimeAsync(10 * limitMs);
    for (let request = 0; request < 10; request += 1) {
      step();
      await vi.advanceTimersByTimeAsync(limitMs / 2);
      step();
      step();
      await vi.advanceTimersByTimeAsync(limitMs / 2);
      step();
    }
    expect(interrupted).not.toHaveBeenCalled();
  });

  it('interrupts the same thread again for a later request', async () => {
    const { interrupted, step } = watched();
    for (let request = 0; request < 5; request += 1) {
      step();
      await vi.advanceTimersByTimeAsync(1.2 * limitMs);
      step();
    }
    expect(interrupted).toHaveBeenCalledTimes(5);
  });

  it('retries a failed interruption, and fails when the thread stays in the same request', async () => {
    const { watchdog, interrupted, logged, step } = watched(async () => {
      throw new Error('no answer');
    });
    const failure = watchdog.failed.catch(String);
    step();
    await vi.advanceTimersByTimeAsync(10 * limitMs);
    expect(interrupted).toHaveBeenCalledTimes(3);
    expect(logged.at(-1)).toBe('workflow code cannot be interrupted; shutting down');
    expect(await failure).toBe('Error: the workflow code of thread 7 cannot be interrupted');
  });

  it('forgets a thread that no longer exists', async () => {
    const { interrupted, step } = watched(async () => false);
    step();
    await vi.advanceTimersByTimeAsync(10 * limitMs);
    expect(interrupted).toHaveBeenCalledTimes(1);
  });

  it('checks nothing after stop', async () => {
    const { watchdog, interrupted, step } = watched();
    step();
    watchdog.stop();
    await vi.advanceTimersByTimeAsync(10 * limitMs);
    expect(interrupted).not.toHaveBeenCalled();
  });
});
