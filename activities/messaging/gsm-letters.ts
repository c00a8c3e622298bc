/** Writes texts in the letters of GSM 03.38, so that a text message has fewer segments. */
import { isGsm } from '../../domain/budgets/text-segments.ts';

/** Letters of French and of its neighbours that do not consist of a basic letter and a mark. */
const ligatures: Readonly<Record<string, string>> = { œ: 'oe', Œ: 'OE', ç: 'c' };

/**
 * Returns the text with the marks removed from Latin letters that GSM-7 lacks, such as in "Fête" and "août", when it then
 * consists of GSM-7 characters. Otherwise one of them more than halves the length of each segment. Letters of GSM-7, such as
 * é and à, keep their marks, and texts in other scripts are not changed.
 */
export const withGsmLetters = (text: string): string => {
  if (isGsm(text)) return text;
  const plain = text
    .normalize('NFC')
    .replaceAll(/[\u00c0-\u017f]/g, (letter) =>
      isGsm(letter) ? letter : (ligatures[letter] ?? letter.normalize('NFD').replaceAll(/\p{Mn}/gu, '')),
    );
  return isGsm(plain) ? plain : text;
};
