import { stripVTControlCharacters } from 'node:util';
import { afterEach, expect, it, vi } from 'vitest';
import { createProgressBoard } from './progress-board.ts';

afterEach(() => {
  vi.useRealTimers();
});

const setup = (isTTY: boolean) => {
  const written: string[] = [];
  const board = createProgressBoard({ isTTY, write: (text) => written.push(text) });
  return { board, raw: () => written.join(''), text: () => stripVTControlCharacters(written.join('')) };
};

const fiveSteps = async (progress: (line: string) => void) => {
  for (let step = 0; step < 5; step += 1) progress(`step ${step}`);
};

it('the progress board prints start and end of the work and returns its result', async () => {
  const { board, text } = setup(false);
  const result = await board.follow('Temporal', async (progress) => {
    progress('starting');
    return 7;
  });
  expect(result).toBe(7);
  expect(text()).toMatch(/… Temporal +starting\n✓ Temporal +\d+\.\d s\n/);
});

it('the progress board marks failed work and rethrows its error', async () => {
  const { board, text } = setup(false);
  const failing = board.follow('Inbox', () => Promise.reject(new Error('no port')));
  await expect(failing).rejects.toThrow('no port');
  expect(text()).toContain('✗ Inbox');
});

it('the progress board updates lines in place on a terminal and prints few lines elsewhere', async () => {
  const terminal = setup(true);
  await terminal.board.follow('Build', fiveSteps);
  expect(terminal.raw()).toContain('\u001B[1A');
  const file = setup(false);
  await file.board.follow('Build', fiveSteps);
  expect(file.raw()).not.toContain('\u001B[1A');
  expect(file.text().split('\n').filter(Boolean)).toHaveLength(2);
});

it.each([
  [true, 29],
  [false, 2],
])(
  'the progress board shows that silent work still runs, and for how long (terminal: %s)',
  async (isTTY, atLeast) => {
    vi.useFakeTimers();
    const { board, text } = setup(isTTY);
    const { promise, resolve } = Promise.withResolvers<void>();
    const followed = board.follow('Temporal', async (progress) => {
      progress('starting');
      await promise;
    });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(text().match(/… Temporal +starting \d+ s\n/g)?.length).toBeGreaterThanOrEqual(atLeast);
    resolve();
    await followed;
    expect(vi.getTimerCount()).toBe(0);
  },
);
