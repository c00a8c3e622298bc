import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createPortChooser } from './ports.ts';

/** Finds a free port without get-port, which reserves its ports for a while. */
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
};

const occupy = async (port: number) => {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
};

it('the port chooser uses the preferred port when it is free', async () => {
  const preferred = await freePort();
  expect(await createPortChooser()(preferred)).toEqual({ port: preferred });
});

it('the port chooser uses the next free port when the preferred one is taken and reports that', async () => {
  const preferred = await freePort();
  await occupy(preferred);
  const { port, insteadOf } = await createPortChooser()(preferred);
  expect(insteadOf).toBe(preferred);
  expect(port).toBeGreaterThan(preferred);
});

it('the port chooser never returns a port twice, even while the port is unused', async () => {
  const preferred = await freePort();
  const choose = createPortChooser();
  const [first, second] = [await choose(preferred), await choose(preferred)];
  expect(first.port).toBe(preferred);
  expect(second.port).not.toBe(preferred);
});

it('the port chooser with anyFreePort reports no replaced port', async () => {
  const preferred = await freePort();
  expect(await createPortChooser(true)(preferred)).not.toHaveProperty('insteadOf');
});
