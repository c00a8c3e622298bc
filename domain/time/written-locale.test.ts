import { expect, it } from 'vitest';
import { writtenLocaleOf } from './written-locale.ts';

it.each([
  ['en', 'en', 'en-GB'],
  ['en-GB', 'en', 'en-GB'],
  ['en-US', 'en', 'en-US'],
  ['en-u-ca-persian', 'en', 'en-GB'],
  ['fr', 'fr', 'fr'],
  ['fr-CA', 'fr', 'fr-CA'],
  ['fa-IR', 'en', 'en-GB'],
  ['de-DE', 'fr', 'fr'],
])('times of a reader of %s among words in %s are written as in %s', (locale, language, expected) => {
  expect(writtenLocaleOf(locale, language)).toBe(expected);
});
