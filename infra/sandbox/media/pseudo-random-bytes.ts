/**
 * Generates the bytes of a file from its seed, from any offset on. Nothing is stored, so a file can have any size. The
 * bytes are the key stream of AES-256 in counter mode, which allows random access.
 */
import { createCipheriv, createHash } from 'node:crypto';

const cipherBlock = 16;
const chunkSize = 256 * 1024;
const zeros = Buffer.alloc(chunkSize);

/** Yields the bytes from `start` up to, and without, `end`. The same seed always gives the same file. */
export function* pseudoRandomBytes(seed: string, start: number, end: number): Generator<Buffer> {
  const key = createHash('sha256').update(seed).digest();
  const counter = Buffer.alloc(cipherBlock);
  counter.writeBigUInt64BE(BigInt(Math.floor(start / cipherBlock)), cipherBlock - 8);
  const cipher = createCipheriv('aes-256-ctr', key, counter);
  cipher.update(zeros.subarray(0, start % cipherBlock));
  for (let at = start; at < end; at += chunkSize) {
    yield cipher.update(zeros.subarray(0, Math.min(chunkSize, end - at)));
  }
}
