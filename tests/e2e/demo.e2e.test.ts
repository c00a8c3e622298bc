/** Tests `npm run demo`, with free ports, a temporary data folder and no pauses. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectPath } from '../../infra/stack/paths.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'castmatch-demo-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Clears the variables that would replace a part of the stack. */
const clearedEnvironment = { DATABASE_URL: '', TEMPORAL_ADDRESS: '', SMTP_URL: '', PORT: '', PUBLIC_URL: '' };

const demo = async (name: string, ...options: readonly string[]) => {
  const main = projectPath('infra/stack/main.ts');
  const where = ['--data', join(folder, name), '--any-port'];
  const { exitCode, all } = await execa(process.execPath, [main, 'demo', '--brief', ...where, ...options], {
    env: clearedEnvironment,
    reject: false,
    all: true,
    stdin: 'ignore',
  });
  return { exitCode, all };
};

it('npm run demo runs one audition from request to decision, and prints its cost', async () => {
  const { exitCode, all } = await demo('smooth');
  expect(all).toContain('decision: booked');
  expect(all).toContain('meeting on zoom');
  expect(all).toMatch(/Cost:.* \d+ history events/);
  expect([exitCode, all]).toEqual([0, expect.stringContaining('from request to decision.')]);
});

it('npm run demo -- --fail zoom falls back to Google Meet, and runs to the decision', async () => {
  const { exitCode, all } = await demo('zoom', '--fail', 'zoom');
  expect(all).toContain('zoom failed');
  expect(all).toContain('meeting on google_meet');
  expect([exitCode, all]).toEqual([0, expect.stringContaining('from request to decision.')]);
});
