/** Texts that PostgreSQL can store: without NUL, which `text` refuses, and without half of a surrogate pair, which `json` refuses. */

export const isStorableText = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/** Returns the text with a replacement character for each character that cannot be stored. */
export const storableText = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed();
