/** The languages that notices are written in. */
import { en } from './en.ts';
import { fr } from './fr.ts';
import type { Translation } from './translation.ts';

/** The words for a locale; English where we do not speak the language. */
export const translationFor = (locale: string): Translation => (locale.split('-')[0] === 'fr' ? fr : en);
