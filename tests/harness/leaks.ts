/** Searches bytes for secrets in every usual encoding. */

export interface Secret {
  /** Describes the secret in the failure message, which must not contain the secret itself. */
  readonly what: string;
  readonly text: string;
}

/** Returns the secrets that were found, each with its encoding: `performer's name as base64`. */
export const leaksIn = (bytes: Buffer, secrets: readonly Secret[]): readonly string[] =>
  secrets.flatMap(({ what, text }) =>
    encodingsOf(text).flatMap(({ as, needle }) => (bytes.includes(needle) ? [`${what} as ${as}`] : [])),
  );

interface Encoding {
  readonly as: string;
  readonly needle: Buffer;
}

const encodingsOf = (text: string): readonly Encoding[] => {
  const plain = Buffer.from(text, 'utf8');
  const written = new Map<string, string>();
  for (const [as, needle] of [
    ['text', text],
    ['percent-encoded', encodeURIComponent(text)],
    ['escaped JSON', Array.from({ length: text.length }, (_, at) => escaped(text.charAt(at))).join('')],
    ['hex', plain.toString('hex')],
    ...[0, 1, 2].map((before) => ['base64', inBase64(plain, before)] as const),
    ...[0, 1, 2].map((before) => ['base64url', asBase64url(inBase64(plain, before))] as const),
  ] as const) {
    if (!written.has(needle)) written.set(needle, as);
  }
  return [...written].map(([needle, as]) => ({ as, needle: Buffer.from(needle, 'utf8') }));
};

/** Escapes one UTF-16 code unit; JSON escapes code units, not characters. */
const escaped = (unit: string): string =>
  /[\x20-\x7e]/.test(unit) ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Returns the base64 of a text inside a longer text. The bytes before it shift the encoding (`before` is their number
 * modulo 3). Characters that also encode neighbouring bytes are cut off.
 */
const inBase64 = (plain: Buffer, before: number): string => {
  const encoded = Buffer.concat([Buffer.alloc(before), plain])
    .toString('base64')
    .replace(/=+$/, '');
  return encoded.slice(before === 0 ? 0 : before + 1, -1);
};

const asBase64url = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_');
