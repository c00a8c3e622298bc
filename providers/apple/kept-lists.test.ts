import { expect, it } from 'vitest';
import { createKeptLists } from './kept-lists.ts';

it('forgets the oldest lists when there are too many names', () => {
  const lists = createKeptLists<{ readonly size: number }>(10);
  lists.put('one', { size: 4 });
  lists.put('two', { size: 4 });
  lists.put('three', { size: 4 });
  expect(['one', 'two', 'three'].map((id) => lists.get(id)?.size)).toEqual([undefined, 4, 4]);
  lists.remove('two');
  expect(lists.get('two')).toBeUndefined();
  lists.put('huge', { size: 11 });
  expect(lists.get('huge')).toBeUndefined();
});
