import { expect, it } from 'vitest';
import { createWorstCircuits } from './worst-circuit.ts';

const open = (untilMs: number) => ({ state: 'open', untilMs }) as const;

it('the shown circuit of a provider stays open until all of its circuits are closed', () => {
  const worstOf = createWorstCircuits();
  const closed = { state: 'closed', untilMs: undefined } as const;
  expect(worstOf('google', 'event_writes', open(1))).toEqual(open(1));
  expect(worstOf('google', undefined, { state: 'half_open', untilMs: undefined })).toEqual(open(1));
  expect(worstOf('microsoft', undefined, closed)).toEqual(closed);
  expect(worstOf('google', undefined, closed)).toEqual(open(1));
  expect(worstOf('google', 'event_writes', closed)).toEqual(closed);
});
