/** Selects the translation of notices by locale. */
import { en } from './en.ts';
import { fr } from './fr.ts';
import type { Translation } from './translation.ts';

/** Returns the translation for a locale: French for French locales, English for all others. */
export const translationFor = (locale: string): Translation =>
  new Intl.Locale(locale).language === 'fr' ? fr : en;

/**
 * Returns the locale in which times are written among the words of a translation: that of the reader if it is of the same
 * language, else English as it is written outside the United States. `fa-IR` alone would put Persian digits and the year 1405
 * into an English text, and so would an extension such as `en-u-ca-persian`.
 */
export const writtenLocaleOf = (locale: string): string => {
  const { language, baseName } = new Intl.Locale(locale);
  return language === translationFor(locale).lang ? baseName : 'en-GB';
};
