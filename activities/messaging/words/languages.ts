/** Selects the translation of notices by locale. */
import { en } from './en.ts';
import { fr } from './fr.ts';
import type { Translation } from './translation.ts';

/** Returns the translation for a locale: French for French locales, English for all others. */
export const translationFor = (locale: string): Translation =>
  new Intl.Locale(locale).language === 'fr' ? fr : en;
