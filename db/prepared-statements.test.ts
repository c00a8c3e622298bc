import { expect, test } from 'vitest';
import { StatementNames } from './prepared-statements.ts';

test('a statement has a name from its second execution on', () => {
  const names = new StatementNames();

  expect([1, 2, 3].map(() => names.nameOf('SELECT $1'))).toEqual([undefined, 'castmatch_1', 'castmatch_1']);
});

test('a statement that repeats has a name also after thousands that do not', () => {
  const names = new StatementNames();
  for (let index = 0; index < 2_000; index += 1) names.nameOf(`SELECT $1 AS once_${index}`);

  names.nameOf('SELECT $1');

  expect(names.nameOf('SELECT $1')).toBe('castmatch_1');
});

test('at most 500 statements have names, which they keep', () => {
  const names = new StatementNames();
  const texts = Array.from({ length: 600 }, (_, index) => `SELECT $1 AS column_${index}`);

  for (const text of texts) {
    names.nameOf(text);
    names.nameOf(text);
  }

  expect(texts.filter((text) => names.nameOf(text) !== undefined)).toEqual(texts.slice(0, 500));
  expect(names.nameOf('SELECT $1 AS column_0')).toBe('castmatch_1');
});
