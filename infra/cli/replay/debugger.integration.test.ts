import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { z } from 'zod';

const program = fileURLToPath(new URL('../replay.ts', import.meta.url));
const addressSchema = z.object({ port: z.int() });

it('replay --inspect reports a port that is in use, and how to choose another one', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = addressSchema.parse(other.address());
  const { exitCode, stderr, stdout } = await execa(
    process.execPath,
    [program, '--corpus', '--inspect', String(port)],
    { extendEnv: false, reject: false, timeout: 50_000 },
  );
  other.close();
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`port ${port} of 127.0.0.1 is in use`);
  expect(stderr).toContain('--inspect');
  expect(stdout).not.toContain('waiting for a debugger');
}, 60_000);

it('replay --inspect refuses a number that is no port', async () => {
  const { exitCode, stderr } = await execa(process.execPath, [program, '--corpus', '--inspect', '70000'], {
    extendEnv: false,
    reject: false,
  });
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('65535');
}, 60_000);
