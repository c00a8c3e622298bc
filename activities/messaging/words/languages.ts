/** The languages that notices are written in. */
import { en } from './en.ts';
import { fr } from './fr.ts';
import type { Words } from './words.ts';

/** The words for a locale; English where we do not speak the language. */
export const wordsFor = (locale: string): Words => (locale.split('-')[0] === 'fr' ? fr : en);
