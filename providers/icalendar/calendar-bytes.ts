/** Decodes the bytes of a calendar, whatever program has written them. */
import { markedCharset, namedCharset } from '../http/charset.ts';

/**
 * Returns the text. iCalendar is UTF-8 unless the header `Content-Type` names another charset (RFC 5545, section 3.1.4). A byte order mark
 * decides before the header. Bytes that are no UTF-8 are read as Windows-1252, the usual charset of old programs.
 */
export const decodeCalendar = (bytes: Uint8Array, contentType: string | null): string => {
  const charset = markedCharset(bytes) ?? namedCharset(contentType) ?? 'utf-8';
  const decoder = strictDecoder(charset) ?? new TextDecoder('utf-8', { fatal: true });
  return decoded(decoder, bytes) ?? decoded(decoder, unfoldedBytes(bytes)) ?? decodeWestern(bytes);
};

/** Undefined when the bytes are not in the charset. */
const decoded = (
  decoder: NonNullable<ReturnType<typeof strictDecoder>>,
  bytes: Uint8Array,
): string | undefined => {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
};

/** Programs fold lines in the middle of a character (RFC 5545, section 3.1). */
const unfoldedBytes = (bytes: Uint8Array): Uint8Array =>
  Buffer.from(
    Buffer.from(bytes)
      .toString('latin1')
      .replaceAll(/\r?\n[ \t]/g, ''),
    'latin1',
  );

/** A text that a byte order mark calls UTF-8 can be damaged: the mark is no text. */
const decodeWestern = (bytes: Uint8Array): string =>
  new TextDecoder('windows-1252').decode(markedCharset(bytes) === 'utf-8' ? bytes.subarray(3) : bytes);

/** Undefined for a charset that Node does not know (https://encoding.spec.whatwg.org/#names-and-labels). */
const strictDecoder = (charset: string): Pick<InstanceType<typeof TextDecoder>, 'decode'> | undefined => {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    return undefined;
  }
};
