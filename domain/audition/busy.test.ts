import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toInstant } from '../time/epoch.ts';
import { without } from './busy.ts';

const at = (minute: number) => toInstant(Date.UTC(2026, 2, 29, 0, minute));
const between = (from: number, until: number) => ({ start: at(from), end: at(until) });

describe('busy times without an interval', () => {
  it.each([
    ['it is the interval', between(10, 20), []],
    ['it is a part of the interval', between(12, 20), []],
    ['neighbours were merged with it', between(0, 40), [between(0, 10), between(20, 40)]],
    ['it reaches into it from before', between(0, 15), [between(0, 10)]],
    ['it reaches out of it', between(15, 40), [between(20, 40)]],
    ['it is elsewhere', between(20, 40), [between(20, 40)]],
  ])('leave what is right when %s', (_, busy, left) => {
    expect(without([busy], between(10, 20))).toEqual(left);
  });

  it('cover every other minute as before, and none of the interval', () => {
    const minute = fc.integer({ min: 0, max: 180 });
    const interval = fc
      .tuple(minute, minute)
      .filter(([from, until]) => from < until)
      .map(([from, until]) => between(from, until));
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 5 }), interval, minute, (busy, hole, when) => {
        const covers = (one: { start: string; end: string }) => one.start <= at(when) && at(when) < one.end;
        const expected = busy.some(covers) && !covers(hole);
        expect(without(busy, hole).some(covers)).toBe(expected);
      }),
    );
  });
});
