import { expect, it } from 'vitest';
import { readinessOf } from './readiness.ts';

const polling = { notPolling: () => [] };
const answers = async () => {};

it('is ready when every queue is polled, and database and Temporal answer', async () => {
  expect(await readinessOf(polling, { database: answers, temporal: answers })()).toEqual([]);
});

it('is not ready while Temporal is away, though the pollers go on trying', async () => {
  const temporal = () => Promise.reject(new Error('14 UNAVAILABLE'));
  expect(await readinessOf(polling, { database: answers, temporal })()).toEqual(['temporal: 14 UNAVAILABLE']);
});

it('names all that stands in the way', async () => {
  const workers = { notPolling: () => ['zoom: STOPPED'] };
  const database = () => Promise.reject(new Error('away'));
  expect(await readinessOf(workers, { database, temporal: answers })()).toEqual([
    'zoom: STOPPED',
    'database: away',
  ]);
});
