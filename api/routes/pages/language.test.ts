import { expect, it } from 'vitest';
import { readingOf } from './language.ts';

it.each([
  [undefined, 'en', 'en-GB'],
  ['en', 'en', 'en-GB'],
  ['en-US,en;q=0.9', 'en', 'en-US'],
  ['EN-gb;q=0.9', 'en', 'en-GB'],
  ['de-DE, fr;q=0.8', 'fr', 'fr'],
  ['fr-CA', 'fr', 'fr-CA'],
  ['de-DE', 'en', 'en-GB'],
  ['en-@@, en', 'en', 'en-GB'],
  ['en-aa-bb', 'en', 'en-GB'],
])('for %s the words are in %s and the dates as in %s', (acceptLanguage, language, locale) => {
  expect(readingOf(acceptLanguage)).toEqual({ language, locale });
});
