/** Finds out in which charset a text is. */

/** Returns the charset that a byte order mark names. */
export const markedCharset = ([first, second, third]: Uint8Array): string | undefined => {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return undefined;
};

/** Returns the charset that the header `Content-Type` names. */
export const namedCharset = (contentType: string | null): string | undefined =>
  /charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1];
