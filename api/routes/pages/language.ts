/** Chooses the language of pages for people, and how their dates are written. */
import { writtenLocaleOf } from '../../../domain/time/written-locale.ts';

const languages = ['en', 'fr'] as const;
export type Language = (typeof languages)[number];

/** What the reader of a page reads. */
export interface Reading {
  /** Of the words. */
  readonly language: Language;
  /** Of the dates. */
  readonly locale: string;
}

const isSupported = (language: string | undefined): language is Language =>
  languages.some((supported) => supported === language);

/** A language with a region, without scripts and variants: the tags that browsers send, and that need no further check. */
const localeOf = (range: string, language: Language): string =>
  writtenLocaleOf(/^[a-z]{2,3}-[a-z]{2}$/i.test(range) ? range : language, language);

/**
 * Returns the first supported language of `Accept-Language` (RFC 9110, 12.5.4), or of a single locale. Browsers list the
 * preferred one first.
 */
export const readingOf = (acceptLanguage: string | undefined): Reading => {
  for (const part of (acceptLanguage ?? '').split(',')) {
    const [range = ''] = part.trim().split(';');
    const language = range.split('-')[0]?.toLowerCase();
    if (isSupported(language)) return { language, locale: localeOf(range.trim(), language) };
  }
  return { language: 'en', locale: localeOf('', 'en') };
};

/** Returns the language of the words of a page. */
export const languageOf = (acceptLanguage: string | undefined): Language =>
  readingOf(acceptLanguage).language;
