/** Encodes the ids in short addresses: opaque, and short enough for a text message. What an id stands for is stored. */
import { createHmac, hkdfSync } from 'node:crypto';

/** 96 bits: a valid id cannot be found by trying, even without the rate limit. */
const idBytes = 12;
const idLength = 17;

/** Without letters and digits that look alike: people read ids out. No `-` or `_`: some programs cut links before them. */
const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** Returns `length` characters of the alphabet, derived from the bytes. */
export const encodeShort = (bytes: Uint8Array, length: number): string => {
  const base = BigInt(alphabet.length);
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  while (text.length < length) {
    text = `${alphabet[Number(value % base)]}${text}`;
    value /= base;
  }
  return text;
};

/**
 * Creates the digest that ids of one kind of link are derived from. Uses the newest key of the ring only: ids that were
 * derived under older keys are stored.
 *
 * @param masterKeys newest first, as in the configuration.
 * @throws {RangeError} when the key ring is empty.
 */
export const createLinkDigest = (
  masterKeys: readonly { readonly key: Uint8Array }[],
  purpose: string,
): ((...parts: readonly (string | number)[]) => Buffer) => {
  const [newest] = masterKeys;
  if (!newest) throw new RangeError('links need at least one master key');
  const secret = Buffer.from(hkdfSync('sha256', newest.key, '', purpose, 32));
  return (...parts) => createHmac('sha256', secret).update(parts.join('\n')).digest();
};

/** Returns an id of 17 characters, derived from the first 96 bits of a digest. */
export const shortIdOf = (digest: Uint8Array): string => encodeShort(digest.subarray(0, idBytes), idLength);

/** Ids have 17 characters. A longer one is not looked up. */
export const shortIdPattern = /^[0-9A-Za-z]{1,22}$/;
