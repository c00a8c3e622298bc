import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { createProgressBoard } from './progress-board.ts';

const setup = (isTTY: boolean) => {
  const written: string[] = [];
  const board = createProgressBoard({ isTTY, write: (text) => written.push(text) });
  return { board, raw: () => written.join(''), text: () => stripVTControlCharacters(written.join('')) };
};

const fiveSteps = async (progress: (line: string) => void) => {
  for (let step = 0; step < 5; step += 1) progress(`step ${step}`);
};

it('says what began and how it ended, and passes the result on', async () => {
  const { board, text } = setup(false);
  const result = await board.follow('Temporal', async (progress) => {
    progress('starting');
    return 7;
  });
  expect(result).toBe(7);
  expect(text()).toMatch(/… Temporal +starting\n✓ Temporal +\d+\.\d s\n/);
});

it('marks what failed and leaves the error to the caller', async () => {
  const { board, text } = setup(false);
  const failing = board.follow('Inbox', () => Promise.reject(new Error('no port')));
  await expect(failing).rejects.toThrow('no port');
  expect(text()).toContain('✗ Inbox');
});

it('changes lines in place on a terminal, and does not flood anything else', async () => {
  const terminal = setup(true);
  await terminal.board.follow('Build', fiveSteps);
  expect(terminal.raw()).toContain('\u001B[1A');
  const file = setup(false);
  await file.board.follow('Build', fiveSteps);
  expect(file.raw()).not.toContain('\u001B[1A');
  expect(file.text().split('\n').filter(Boolean)).toHaveLength(2);
});
