/** Chooses the language of pages for people. */

const languages = ['en', 'fr'] as const;
export type Language = (typeof languages)[number];

const isSupported = (language: string | undefined): language is Language =>
  languages.some((supported) => supported === language);

/** Returns the first supported language of `Accept-Language` (RFC 9110, 12.5.4). Browsers list the preferred one first. */
export const languageOf = (acceptLanguage: string | undefined): Language => {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((range) => range.trim().split(/[-;]/)[0]?.toLowerCase());
  return wanted.find(isSupported) ?? 'en';
};
