/**
 * Returns the locale in which times are written among words of `language`: that of the reader if it is of the same language,
 * else that of the words. `fa-IR` alone would put Persian digits and the year 1405 into an English text, and so would an
 * extension such as `en-u-ca-persian`. English of no region is that of Great Britain: it has no AM and PM, and readers of
 * every region understand a day before its month.
 * @param locale a valid language tag
 */
export const writtenLocaleOf = (locale: string, language: string): string => {
  const { language: own, baseName } = new Intl.Locale(locale);
  const written = own === language ? baseName : language;
  return written === 'en' ? 'en-GB' : written;
};
