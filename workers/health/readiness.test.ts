import { expect, it } from 'vitest';
import { createReadinessCheck } from './readiness.ts';

const polling = { notPolling: () => [] };
const answers = async () => {};
const unavailable = () => Promise.reject(new Error('14 UNAVAILABLE'));

it('a worker is ready when every queue is polled and database and Temporal answer', async () => {
  expect(await createReadinessCheck(polling, { database: answers, temporal: answers })()).toEqual([]);
});

it('a worker is not ready while Temporal is unreachable, although its pollers keep retrying', async () => {
  expect(await createReadinessCheck(polling, { database: answers, temporal: unavailable })()).toEqual([
    'temporal: 14 UNAVAILABLE',
  ]);
});

it('the readiness check reports every reason', async () => {
  const workers = { notPolling: () => ['zoom: STOPPED'] };
  expect(await createReadinessCheck(workers, { database: unavailable, temporal: answers })()).toEqual([
    'zoom: STOPPED',
    'database: 14 UNAVAILABLE',
  ]);
});
