import { expect, it } from 'vitest';
import { createReadinessCheck } from './readiness.ts';

const polling = { notPolling: () => [] };
const answers = async () => {};
const unavailable = () => Promise.reject(new Error('14 UNAVAILABLE'));

it('is ready when every queue is polled, and database and Temporal answer', async () => {
  expect(await createReadinessCheck(polling, { database: answers, temporal: answers })()).toEqual([]);
});

it('is not ready while Temporal is away, though the pollers go on trying', async () => {
  expect(await createReadinessCheck(polling, { database: answers, temporal: unavailable })()).toEqual([
    'temporal: 14 UNAVAILABLE',
  ]);
});

it('names all that stands in the way', async () => {
  const workers = { notPolling: () => ['zoom: STOPPED'] };
  expect(await createReadinessCheck(workers, { database: unavailable, temporal: answers })()).toEqual([
    'zoom: STOPPED',
    'database: 14 UNAVAILABLE',
  ]);
});
