/**
 * Recovers the bytes of calendar parts. The library decodes these parts, with a replacement for each byte that is not in the charset.
 * So a character is lost inside which a program has folded the line (RFC 5545, section 3.1), or whose charset is not the named one.
 */

/** A charset in which each byte is a character: https://encoding.spec.whatwg.org/#windows-1252 */
const byteCharset = 'windows-1252';

const bytesByCharacter: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 256 }, (_, byte) => [new TextDecoder(byteCharset).decode(Uint8Array.of(byte)), byte]),
);

/** The header of a calendar part, with its continued lines. */
const calendarHeader =
  /^content-type:[ \t]*(?:\r?\n[ \t]+)?(?:text\/calendar|application\/ics)\b[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/gim;

/** Returns the email with a charset of its calendar parts that keeps their bytes. */
export const withByteCharset = (raw: Uint8Array): Uint8Array =>
  Buffer.from(
    Buffer.from(raw)
      .toString('latin1')
      .replaceAll(
        calendarHeader,
        (header) => `${header.replaceAll(/;\s*charset\b[^;\r\n]*/gi, '')}; charset=${byteCharset}`,
      ),
    'latin1',
  );

/** Returns the bytes of a text that was decoded in that charset. Undefined when it was decoded in another one. */
export const bytesOf = (text: string): Uint8Array | undefined => {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const byte = bytesByCharacter.get(text.charAt(at));
    if (byte === undefined) return undefined;
    bytes[at] = byte;
  }
  return bytes;
};
