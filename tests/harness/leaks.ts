/** Looks for secrets in bytes that should not hold them, however they are written down. */

export interface Secret {
  /** Named in the failure, in place of the secret. */
  readonly what: string;
  readonly text: string;
}

/** Which of the secrets are there, and how they were written: `performer's name as base64`. */
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

/** JSON escapes UTF-16 code units, not characters. */
const escaped = (unit: string): string =>
  /[\x20-\x7e]/.test(unit) ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Base64 of the text in the midst of others: what stands before it shifts it, what stands around it is cut off. */
const inBase64 = (plain: Buffer, before: number): string => {
  const encoded = Buffer.concat([Buffer.alloc(before), plain])
    .toString('base64')
    .replace(/=+$/, '');
  return encoded.slice(before === 0 ? 0 : before + 1, -1);
};

const asBase64url = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_');
