import { setTimeout as pause } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withHeartbeat } from './heartbeat.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('withHeartbeat sends heartbeats until the work ends', async () => {
  const environment = new MockActivityEnvironment();
  let beats = 0;
  environment.on('heartbeat', () => {
    beats += 1;
  });
  const work = Promise.withResolvers<string>();
  const activity = environment.run(() => withHeartbeat(() => work.promise));
  await vi.advanceTimersByTimeAsync(16_000);
  expect(beats).toBe(3);
  work.resolve('sent');
  expect(await activity).toBe('sent');
  await vi.advanceTimersByTimeAsync(16_000);
  expect(beats).toBe(3);
});

it('withHeartbeat rethrows the error of the work', async () => {
  const failing = new MockActivityEnvironment().run(() =>
    withHeartbeat(async () => {
      await pause(1);
      throw new TypeError('no');
    }),
  );
  await expect(failing).rejects.toThrow('no');
});
