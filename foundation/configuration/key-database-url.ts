/**
 * Returns the default address of the key database: another database on the same server, whose name ends with `_keys`.
 * Its backups must be separate from those of the main database, because they open what the main database contains.
 */
export const keyDatabaseUrlOf = (databaseUrl: string): string => {
  const url = new URL(databaseUrl);
  url.pathname = `${url.pathname}_keys`;
  return url.href;
};
