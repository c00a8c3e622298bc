/**
 * Signs and verifies tokens that consist of fields and an HMAC over them. The fields are readable by
 * everyone. Tokens are not stored. Each purpose has its own key, so that a token of one purpose is invalid
 * for another.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export interface TokenSigner {
  /**
   * Creates a token, which is safe in a URL path. The same fields always give the same token. A field must
   * not contain a line break.
   */
  sign(fields: readonly string[]): string;
  /**
   * Returns the fields, or undefined for a token that this service did not create. Tokens signed with an
   * older key of the ring stay valid.
   */
  verify(token: string): readonly string[] | undefined;
}

/** 128 bits of the HMAC: half of SHA-256, the least that RFC 2104 section 5 recommends, and short enough for an SMS. */
const macBytes = 16;

/**
 * Derives one secret per master key and purpose (HKDF, RFC 5869). The master key itself is used only for
 * sealing.
 */
const secretOf = (masterKey: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, '', purpose, 32));

const macOf = (secret: Buffer, content: string): Buffer =>
  createHmac('sha256', secret).update(content).digest().subarray(0, macBytes);

interface Macs {
  /** Returns the code of the content under the newest key, as text. */
  newest(content: string): string;
  /**
   * Returns whether the text is the code of the content under any key of the ring. Takes constant time. Compares texts: a
   * decoder ignores spare bits and foreign characters, and each variant of a link would have rate limits of its own.
   */
  matches(content: string, mac: string): boolean;
}

const isSameText = (one: string, other: string): boolean => {
  const [bytes, otherBytes] = [Buffer.from(one), Buffer.from(other)];
  return bytes.length === otherBytes.length && timingSafeEqual(bytes, otherBytes);
};

/** RFC 4648, section 5, without padding. */
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/**
 * Creates message authentication codes of 16 bytes.
 *
 * @param masterKeys newest first, as in the configuration.
 * @param purpose separates the codes of different features.
 * @param encode makes the text of a code. The same code always gets the same text.
 * @throws {RangeError} when the key ring is empty.
 */
export const createMacs = (
  masterKeys: readonly { readonly key: Uint8Array }[],
  purpose: string,
  encode: (code: Uint8Array) => string = base64url,
): Macs => {
  const secrets = masterKeys.map(({ key }) => secretOf(key, purpose));
  const [newest] = secrets;
  if (!newest) throw new RangeError('signed tokens need at least one master key');
  return {
    newest: (content) => encode(macOf(newest, content)),
    matches: (content, mac) => secrets.some((secret) => isSameText(encode(macOf(secret, content)), mac)),
  };
};

/**
 * Creates a signer. It signs with the newest key of the ring and verifies with every key. It accepts a token only in the text
 * that was signed. Parameters: `createMacs`.
 */
export const createTokenSigner = (
  masterKeys: readonly { readonly key: Uint8Array }[],
  purpose: string,
): TokenSigner => {
  const macs = createMacs(masterKeys, purpose);
  return {
    sign: (fields) => {
      const content = Buffer.from(fields.join('\n'), 'utf8').toString('base64url');
      return `${content}.${macs.newest(content)}`;
    },
    verify: (token) => {
      const [content, mac, ...rest] = token.split('.');
      if (content === undefined || mac === undefined || rest.length > 0) return undefined;
      return macs.matches(content, mac)
        ? Buffer.from(content, 'base64url').toString('utf8').split('\n')
        : undefined;
    },
  };
};
