/** Encrypts and decrypts as KMS does. A ciphertext names its key and is bound to the encryption context. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { incorrectKey, invalidCiphertext } from './errors.ts';
import type { Keys, KmsKey } from './keys.ts';

type Context = Readonly<Record<string, string>>;

const idBytes = 36;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * The order of the pairs of a context is irrelevant:
 * https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
 */
const canonical = (context: Context): Buffer =>
  Buffer.from(JSON.stringify(Object.entries(context).sort(([first], [second]) => (first < second ? -1 : 1))));

/** Returns a ciphertext of `plaintext` under the key. */
export const encrypt = (key: KmsKey, plaintext: Buffer, context: Context): Buffer => {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key.material, nonce);
  cipher.setAAD(canonical(context));
  return Buffer.concat([
    Buffer.from(key.id),
    nonce,
    cipher.update(plaintext),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
};

/**
 * Decrypts a ciphertext.
 *
 * @param keyId the key that the caller expects, or undefined for any key.
 * @throws {AwsKmsError} the error that KMS answers.
 */
export const decrypt = (
  keys: Keys,
  blob: Buffer,
  context: Context,
  keyId: string | undefined,
): { readonly key: KmsKey; readonly plaintext: Buffer } => {
  if (blob.length < idBytes + nonceBytes + tagBytes) throw invalidCiphertext;
  const id = blob.subarray(0, idBytes).toString('latin1');
  if (!/^[0-9a-f-]{36}$/.test(id)) throw invalidCiphertext;
  const expected = keyId === undefined ? undefined : keys.usable(keyId);
  if (expected && expected.id !== id) throw incorrectKey;
  const key = expected ?? keys.usable(id);
  const sealed = blob.subarray(idBytes);
  const decipher = createDecipheriv('aes-256-gcm', key.material, sealed.subarray(0, nonceBytes));
  decipher.setAAD(canonical(context));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    const plaintext = [decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()];
    return { key, plaintext: Buffer.concat(plaintext) };
  } catch {
    throw invalidCiphertext;
  }
};
