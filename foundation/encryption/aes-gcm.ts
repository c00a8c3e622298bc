/**
 * Encrypts bytes with AES-256-GCM and a random 96-bit nonce (NIST SP 800-38D §8.2.2, which allows 2^32
 * messages per key). The result is nonce, ciphertext and tag, concatenated. The calls are synchronous: for
 * payloads of some kilobytes they cost no more than the thread pool (measured for 200 B to 20 KB: 30 µs,
 * WebCrypto 25 to 60 µs).
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';

/** A key of 32 bytes. The owner of a byte array can overwrite it after use. */
type Key = KeyObject | Uint8Array;

/**
 * Converts bytes to a KeyObject. `createCipheriv` does so too, but through exceptions, which triples its
 * duration.
 */
const keyOf = (key: Key): KeyObject => (key instanceof Uint8Array ? createSecretKey(key) : key);

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * A pool of random bytes. A call for thousands of random bytes takes as long as a call for twelve (measured:
 * 10 µs).
 */
const noncePool = Buffer.alloc(nonceBytes * 256);
let usedBytes = noncePool.length;

/** Returns bytes that were never returned before. They are a copy, because the pool is overwritten later. */
const nextNonce = (): Buffer => {
  if (usedBytes === noncePool.length) {
    randomFillSync(noncePool);
    usedBytes = 0;
  }
  const nonce = Buffer.from(noncePool.subarray(usedBytes, usedBytes + nonceBytes));
  usedBytes += nonceBytes;
  return nonce;
};

/** The sealed data was altered, truncated, or sealed with another key or for another place. */
export class NotAuthentic extends Error {
  override readonly name = 'NotAuthentic';
}

/**
 * The key that sealed the data is not configured: a master key that was removed too early or belongs to another deployment, or
 * a data key of a database that this process was not given.
 */
export class UnknownKey extends Error {
  override readonly name = 'UnknownKey';
  readonly keyId: string;

  constructor(keyId: string) {
    super(unknownKeyMessage(keyId));
    this.keyId = keyId;
  }
}

/** The id of a master key in CASTMATCH_MASTER_KEYS contains no colon. */
const unknownKeyMessage = (keyId: string): string => {
  if (keyId.startsWith('aws-kms:'))
    return `sealed under the master key "${keyId}" of a KMS, which is not configured: set CASTMATCH_KMS_KEY`;
  if (keyId.includes(':'))
    return `sealed under the data key "${keyId}" of the key database: set DATABASE_URL and KEY_DATABASE_URL as the deployment has them`;
  return `sealed under the master key "${keyId}", which is not in CASTMATCH_MASTER_KEYS: put it back at the end of the list`;
};

/**
 * Encrypts bytes.
 *
 * @param associatedData authenticated but not encrypted; `openBytes` must get the same text.
 */
export const sealBytes = (key: Key, plaintext: Uint8Array, associatedData: string): Buffer => {
  const nonce = nextNonce();
  const cipher = createCipheriv(algorithm, keyOf(key), nonce);
  cipher.setAAD(Buffer.from(associatedData, 'utf8'));
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
};

/**
 * Decrypts bytes of `sealBytes`. @throws {NotAuthentic} when the key, the bytes or the associated data
 * differ.
 */
export const openBytes = (key: Key, sealed: Uint8Array, associatedData: string): Buffer => {
  if (sealed.length < nonceBytes + tagBytes) throw new NotAuthentic('the sealed data is truncated');
  const decipher = createDecipheriv(algorithm, keyOf(key), sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(associatedData, 'utf8'));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch (cause) {
    throw new NotAuthentic(
      'the sealed data was altered, or was sealed for another row: restore it from a backup, or store it again',
      { cause },
    );
  }
};
