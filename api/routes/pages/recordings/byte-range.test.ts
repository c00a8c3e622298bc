import { describe, expect, it } from 'vitest';
import { byteRangeOf } from './byte-range.ts';

describe('the range of a request', () => {
  it.each([
    [undefined, undefined],
    ['bytes=0-', { start: 0, end: 999 }],
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=500-99999', { start: 500, end: 999 }],
    ['bytes=-100', { start: 900, end: 999 }],
    ['bytes=-5000', { start: 0, end: 999 }],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-4', undefined],
    ['bytes=0-1,5-6', undefined],
    ['items=0-1', undefined],
    ['bytes=a-b', undefined],
    ['bytes=-', undefined],
  ])('%s of 1000 bytes is %o', (header, range) => {
    expect(byteRangeOf(header, 1_000)).toEqual(range);
  });
});
