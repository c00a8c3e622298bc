import { expect, it } from 'vitest';
import { onceSuccessful } from './once.ts';

const setup = (failures: number) => {
  let calls = 0;
  const call = onceSuccessful(async () => {
    calls += 1;
    if (calls <= failures) throw new Error('no key');
    return calls;
  });
  return { call, calls: () => calls };
};

it('work that succeeds is done once, for calls at the same time and for later ones', async () => {
  const { call, calls } = setup(0);
  expect(await Promise.all([call(), call()])).toEqual([1, 1]);
  expect(await call()).toBe(1);
  expect(calls()).toBe(1);
});

it('work that fails is done again by the next call only', async () => {
  const { call, calls } = setup(1);
  const both = await Promise.allSettled([call(), call()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(calls()).toBe(1);
  expect(await call()).toBe(2);
});
