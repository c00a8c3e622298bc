/**
 * AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D §8.2.2, which allows 2^32 messages a key). The result is
 * nonce, ciphertext and tag in a row. Synchronous: for payloads of some kilobytes it costs no more than a trip
 * through the thread pool (measured: 30 µs against 25 to 60 for WebCrypto, 200 B to 20 KB).
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';

/** 32 bytes. As bytes, whoever holds them can overwrite them. */
type Key = KeyObject | Uint8Array;

/** Given bytes, a cipher finds out by exceptions that they are no key: that takes twice as long as all the rest. */
const keyOf = (key: Key): KeyObject => (key instanceof Uint8Array ? createSecretKey(key) : key);

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** Asking the system for random bytes costs as much for thousands as for twelve: measured, 10 µs a time. */
const nonces = Buffer.alloc(nonceBytes * 256);
let used = nonces.length;

/** Never the same bytes twice. A copy: what follows must not change under anybody's hands. */
const nextNonce = (): Buffer => {
  if (used === nonces.length) {
    randomFillSync(nonces);
    used = 0;
  }
  const nonce = Buffer.from(nonces.subarray(used, used + nonceBytes));
  used += nonceBytes;
  return nonce;
};

/** Altered, cut short, or moved from where it belongs. */
export class NotAuthentic extends Error {
  override readonly name = 'NotAuthentic';
}

/** The master key that sealed this is not configured: it was taken out too early, or never belonged to this deployment. */
export class UnknownKey extends Error {
  override readonly name = 'UnknownKey';
  readonly keyId: string;

  constructor(keyId: string) {
    super(
      keyId.startsWith('aws-kms:')
        ? `sealed under the master key "${keyId}" of a KMS, which is not configured: set CASTMATCH_KMS_KEY`
        : `sealed under the master key "${keyId}", which is not in CASTMATCH_MASTER_KEYS: put it back at the end of the list`,
    );
    this.keyId = keyId;
  }
}

export const sealBytes = (key: Key, plaintext: Uint8Array, associatedData: string): Buffer => {
  const nonce = nextNonce();
  const cipher = createCipheriv(algorithm, keyOf(key), nonce);
  cipher.setAAD(Buffer.from(associatedData, 'utf8'));
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
};

/** @throws {NotAuthentic} when key, bytes or associated data are not those of `sealBytes`. */
export const openBytes = (key: Key, sealed: Uint8Array, associatedData: string): Buffer => {
  if (sealed.length < nonceBytes + tagBytes) throw new NotAuthentic('what was sealed is cut short');
  const decipher = createDecipheriv(algorithm, keyOf(key), sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(associatedData, 'utf8'));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch (cause) {
    throw new NotAuthentic('what was sealed was altered, or belongs to something else', { cause });
  }
};
