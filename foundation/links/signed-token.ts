/**
 * Tokens that we wrote and nobody changed: fields, and an HMAC over them. They hide nothing and are stored nowhere; what
 * they are good for says the purpose, under which another purpose's token does not read.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export interface TokenSigner {
  /** Safe in a URL's path as it is. The same fields always give the same token. A field may not hold a line break. */
  sign(fields: readonly string[]): string;
  /** Undefined for what we did not write. A token made under an older key of the ring is still good. */
  verify(token: string): readonly string[] | undefined;
}

/** 128 bits of the HMAC: half of SHA-256, the least that RFC 2104 section 5 recommends, and short enough for an SMS. */
const macBytes = 16;

/** One secret per master key (HKDF, RFC 5869), so that the key itself is used for nothing but sealing. */
const secretOf = (masterKey: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, '', purpose, 32));

const macOf = (secret: Buffer, content: string): Buffer =>
  createHmac('sha256', secret).update(content).digest().subarray(0, macBytes);

/**
 * Writes tokens with the newest key of the ring and reads those of every key in it.
 *
 * @param masterKeys newest first, as the configuration holds them
 * @throws RangeError when the ring is empty
 */
export const createTokenSigner = (
  masterKeys: readonly { readonly key: Uint8Array }[],
  purpose: string,
): TokenSigner => {
  const secrets = masterKeys.map(({ key }) => secretOf(key, purpose));
  const [newest] = secrets;
  if (!newest) throw new RangeError('signed tokens need at least one master key');
  return {
    sign: (fields) => {
      const content = Buffer.from(fields.join('\n'), 'utf8').toString('base64url');
      return `${content}.${macOf(newest, content).toString('base64url')}`;
    },
    verify: (token) => {
      const [content, mac, ...rest] = token.split('.');
      if (content === undefined || mac === undefined || rest.length > 0) return undefined;
      const given = Buffer.from(mac, 'base64url');
      if (given.length !== macBytes) return undefined;
      return secrets.some((secret) => timingSafeEqual(macOf(secret, content), given))
        ? Buffer.from(content, 'base64url').toString('utf8').split('\n')
        : undefined;
    },
  };
};
