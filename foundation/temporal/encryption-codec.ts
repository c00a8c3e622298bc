/**
 * Encrypts the payloads that Temporal stores. The newest master key encrypts. The metadata of the encrypted
 * payload names the key that decrypts. The whole payload is encrypted, including its metadata, as in
 * Temporal's encryption samples.
 *
 * The codec covers arguments, results, failures, memo, summaries, static and current details, and the results
 * of updates and queries. It does not cover search attributes and headers (source: SDK 1.24,
 * `common/src/internal-non-workflow/codec-helpers` and `walkWorkflowActivationCompletion`).
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { openBytes, sealBytes, UnknownKey } from '../encryption/aes-gcm.ts';

interface Key {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const encoding = Buffer.from('binary/encrypted', 'utf8');
const keyIdField = 'encryption-key-id';

/**
 * Creates the codec.
 *
 * @param masterKeys newest first, at least one; the first encrypts, all decrypt.
 * @throws {RangeError} when there is no key.
 */
export const createEncryptionCodec = (masterKeys: readonly Key[]): PayloadCodec => {
  const keys = new Map(masterKeys.map(({ id, key }) => [id, createSecretKey(key)]));
  const [newest] = keys;
  if (newest === undefined) throw new RangeError('payload encryption needs at least one key');

  return {
    encode: async (payloads) => payloads.map((payload) => encrypt(newest, payload)),
    /**
     * Payloads that are not encrypted pass unchanged, such as a signal that an operator sends from the
     * command line.
     *
     * @throws {UnknownKey} when a key was removed from the ring too early.
     * @throws {NotAuthentic} when a payload was altered.
     */
    decode: async (payloads) => payloads.map((payload) => decrypt(keys, payload)),
  };
};

const encrypt = ([keyId, key]: readonly [string, KeyObject], payload: Payload): Payload => ({
  metadata: { encoding, [keyIdField]: Buffer.from(keyId, 'utf8') },
  data: sealBytes(key, PayloadMessage.encode(payload).finish(), associatedDataOf(keyId)),
});

const decrypt = (keys: ReadonlyMap<string, KeyObject>, payload: Payload): Payload => {
  const { metadata, data } = payload;
  if (!metadata?.['encoding'] || !encoding.equals(metadata['encoding'])) return payload;
  const keyId = Buffer.from(metadata[keyIdField] ?? []).toString('utf8');
  const key = keys.get(keyId);
  if (key === undefined) throw new UnknownKey(keyId);
  return PayloadMessage.decode(openBytes(key, data ?? new Uint8Array(), associatedDataOf(keyId)));
};

/**
 * Stored credentials are sealed under the same keys. This text prevents that one is accepted as the other.
 */
const associatedDataOf = (keyId: string): string => `castmatch payload ${keyId}`;
