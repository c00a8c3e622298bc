/** Tests `npm start`, with a temporary data folder and free ports. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createOrganizations } from '../../db/access/organizations.ts';
import { createDatabaseClient } from '../../db/client.ts';
import { projectPath } from '../../infra/stack/paths.ts';
import { pollUntil, startedAt } from '../../infra/stack/processes.ts';
import { readRetentionDays } from '../../infra/stack/temporal-retention.ts';
import { isTemporalReady } from '../../infra/stack/temporal-server.ts';

const recordSchema = z.object({
  stack: z.object({ pid: z.int() }),
  children: z.array(z.object({ name: z.string(), pid: z.int() })),
  addresses: z.record(z.string(), z.string()),
});

/** Clears the variables that would replace a part of the stack. */
const clearedEnvironment = { DATABASE_URL: '', TEMPORAL_ADDRESS: '', SMTP_URL: '', PORT: '', PUBLIC_URL: '' };

let folder = '';
beforeAll(async () => {
  // All users can enter the data folder, because PostgreSQL runs as another user when the tests run as root.
  folder = join(await mkdtemp(join(tmpdir(), 'castmatch-e2e-')), 'data');
});
afterAll(() => rm(join(folder, '..'), { recursive: true, force: true }));

const run = () =>
  execa(process.execPath, [projectPath('infra/stack/main.ts'), 'start', '--data', folder, '--any-port'], {
    env: clearedEnvironment,
    reject: false,
    all: true,
  });

const start = async () => {
  const process = run();
  onTestFinished(async () => {
    process.kill('SIGTERM');
    await process;
  });
  const record = async () => {
    const text = await readFile(join(folder, 'stack.json'), 'utf8').catch(() => '{}');
    return recordSchema.safeParse(JSON.parse(text)).data;
  };
  const isUp = async () => {
    const recorded = await record();
    return recorded?.stack.pid === process.pid && Object.keys(recorded?.addresses ?? {}).length > 0;
  };
  const ended = () => process.exitCode !== null || process.signalCode !== null;
  if (!(await pollUntil(async () => ended() || isUp(), 90_000)) || ended()) {
    process.kill('SIGKILL');
    throw new Error(`the stack did not start:\n${(await process).all}`);
  }
  const { children, addresses } = recordSchema.parse(await record());
  const pid = (name: string) => children.find((child) => child.name === name)?.pid ?? 0;
  const allProcessesEnded = () =>
    pollUntil(async () => {
      const alive = await Promise.all(children.map((child) => startedAt(child.pid)));
      return alive.every((began) => began === undefined);
    }, 5_000);
  return { process, children, addresses, pid, allProcessesEnded };
};

/** Runs the ops command with the environment file that the stack has written, and no other variables. */
const ops = (...words: readonly string[]) =>
  execa(
    process.execPath,
    [`--env-file=${join(folder, 'stack.env')}`, projectPath('infra/cli/ops.ts'), ...words],
    { extendEnv: false, reject: false },
  );

/** Returns the status of a page. The inbox serves its page only to requests that accept HTML. */
const statusOf = async (url: string) => (await fetch(url, { headers: { accept: 'text/html,*/*' } })).status;

const organizationsOf = async <Result>(
  url: string,
  use: (organizations: ReturnType<typeof createOrganizations>) => Promise<Result>,
): Promise<Result> => {
  const { db, close } = createDatabaseClient(url);
  try {
    return await use(createOrganizations(db));
  } finally {
    await close();
  }
};

describe('npm start', () => {
  it('starts all parts, rejects a second stack, and ends all processes on Ctrl-C', async () => {
    const stack = await start();
    const { addresses, children } = stack;
    expect(children.map(({ name }) => name).sort()).toEqual(
      ['api', 'inbox', 'postgres', 'sandbox', 'temporal', 'worker'].sort(),
    );
    expect(await statusOf(`${addresses.API}/readyz`)).toBe(200);
    expect(await statusOf(`${addresses['API reference']}`)).toBe(200);
    expect(await statusOf(`${addresses['Worker metrics']}`)).toBe(200);
    expect(await statusOf(`${addresses.Inbox}`)).toBe(200);
    expect(await statusOf(`${addresses['Provider sandbox']}`)).toBe(200);
    expect(await statusOf(`${addresses['Temporal Web UI']}`)).toBe(200);
    expect(await isTemporalReady(`${addresses.Temporal}`, 'default')).toBe(true);
    const temporal = { address: `${addresses.Temporal}`, namespace: 'default' };
    expect(await readRetentionDays(temporal)).toBe(30);
    const auditions = await fetch(`${addresses.API}/v1/auditions`, {
      headers: { authorization: 'Bearer castmatch-local-backend-key' },
    });
    expect(auditions.status).toBe(200);
    expect(await ops('attention', 'list')).toMatchObject({ exitCode: 0, stdout: 'No item needs attention.' });
    expect(await ops('audit', 'verify')).toMatchObject({ exitCode: 0 });
    expect(await ops('maintenance')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^Deleted 0 stored responses to commands, 0 to audition requests, 0 webhooks, \d+ provider call counts/,
      ),
    });
    await organizationsOf(`${addresses.Database}`, (organizations) =>
      organizations.put({ id: 'org_kept', name: 'Kept', meetingProviders: [] }),
    );

    const second = await run();
    expect(second.exitCode).toBe(1);
    expect(second.all).toContain(`API: ${addresses.API}`);

    stack.process.kill('SIGINT');
    expect((await stack.process).exitCode).toBe(0);
    expect(await stack.allProcessesEnded()).toBe(true);
  });

  it('keeps its data, and ends the processes of a killed stack', async () => {
    const first = await start();
    const kept = await organizationsOf(`${first.addresses.Database}`, (organizations) =>
      organizations.get('org_kept'),
    );
    expect(kept?.name).toBe('Kept');
    first.process.kill('SIGKILL');
    await first.process;

    const second = await start();
    expect(await first.allProcessesEnded()).toBe(true);
    expect(await statusOf(`${second.addresses.API}/readyz`)).toBe(200);

    // When a part exits, the stack names it and stops the others.
    process.kill(second.pid('sandbox'), 'SIGKILL');
    const { exitCode, all } = await second.process;
    expect(exitCode).toBe(1);
    expect(all).toContain('sandbox was ended by SIGKILL');
    expect(await second.allProcessesEnded()).toBe(true);
  });
});
