import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createPortChooser } from './ports.ts';

/** Not by get-port: it keeps what it has given out from others for a while. */
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

it('takes the preferred port where it is free', async () => {
  const preferred = await freePort();
  expect(await createPortChooser()(preferred)).toEqual({ port: preferred });
});

it('moves to a port nearby when the preferred one is taken, and says so', async () => {
  const preferred = await freePort();
  await occupy(preferred);
  const { port, insteadOf } = await createPortChooser()(preferred);
  expect(insteadOf).toBe(preferred);
  expect(port).toBeGreaterThan(preferred);
});

it('never gives the same port twice, even before anybody listens on it', async () => {
  const preferred = await freePort();
  const choose = createPortChooser();
  const [first, second] = [await choose(preferred), await choose(preferred)];
  expect(first.port).toBe(preferred);
  expect(second.port).not.toBe(preferred);
});

it('takes any free port when asked to stay out of the way, and calls that no move', async () => {
  const preferred = await freePort();
  expect(await createPortChooser(true)(preferred)).not.toHaveProperty('insteadOf');
});
