/**
 * Encrypts the payloads that Temporal stores. Those of a workflow that belongs to an audition or to a connection are
 * encrypted under the data key of it: destroying that key makes them unreadable, in Temporal's backups too. The newest
 * master key encrypts all others. The metadata of the encrypted payload names the key that decrypts. The whole payload is
 * encrypted, including its metadata, as in Temporal's encryption samples.
 *
 * The codec covers arguments, results, failures, memo, summaries, static and current details, and the results
 * of updates and queries. It does not cover search attributes and headers (source: SDK 1.24,
 * `common/src/internal-non-workflow/codec-helpers` and `walkWorkflowActivationCompletion`).
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { payloadDataKeyOf } from '../../domain/workflow-ids.ts';
import { openBytes, sealBytes, UnknownKey } from '../encryption/aes-gcm.ts';

interface Key {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const encoding = Buffer.from('binary/encrypted', 'utf8');
const keyIdField = 'encryption-key-id';

/** The data keys. The vault implements it. */
export interface PayloadKeys {
  /** Creates the key if it does not exist. */
  sealBytes(dataKeyId: string, plaintext: Uint8Array, context: string): Promise<Uint8Array>;
  openBytes(dataKeyId: string, sealed: Uint8Array, context: string): Promise<Uint8Array>;
}

/**
 * Creates the codec.
 *
 * @param masterKeys newest first, at least one; the first encrypts, all decrypt.
 * @param dataKeys Absent: every payload is encrypted under the newest master key, and those under data keys are not
 * readable.
 * @throws {RangeError} when there is no master key.
 */
export const createEncryptionCodec = (masterKeys: readonly Key[], dataKeys?: PayloadKeys): PayloadCodec => {
  const keys = new Map(masterKeys.map(({ id, key }) => [id, createSecretKey(key)]));
  const [newest] = keys;
  if (newest === undefined) throw new RangeError('payload encryption needs at least one key');

  return {
    async encode(payloads, context) {
      const dataKeyId = context?.workflowId === undefined ? undefined : payloadDataKeyOf(context.workflowId);
      if (dataKeys === undefined || dataKeyId === undefined) {
        return payloads.map((payload) => encrypt(newest, payload));
      }
      return Promise.all(payloads.map((payload) => sealUnder(dataKeys, dataKeyId, payload)));
    },
    /**
     * Payloads that are not encrypted pass unchanged, such as a signal that an operator sends from the
     * command line.
     *
     * @throws {UnknownKey} when a key was removed from the ring too early.
     * @throws {NotAuthentic} when a payload was altered, or its data key was destroyed.
     */
    decode: (payloads) => Promise.all(payloads.map((payload) => decrypt(keys, dataKeys, payload))),
  };
};

const encrypt = ([keyId, key]: readonly [string, KeyObject], payload: Payload): Payload => ({
  metadata: { encoding, [keyIdField]: Buffer.from(keyId, 'utf8') },
  data: sealBytes(key, PayloadMessage.encode(payload).finish(), associatedDataOf(keyId)),
});

const sealUnder = async (dataKeys: PayloadKeys, dataKeyId: string, payload: Payload): Promise<Payload> => ({
  metadata: { encoding, [keyIdField]: Buffer.from(dataKeyId, 'utf8') },
  data: await dataKeys.sealBytes(dataKeyId, PayloadMessage.encode(payload).finish(), 'payload'),
});

/**
 * Returns the id of the data key that an encrypted payload names. Undefined for one under a master key, and for one that is
 * not encrypted.
 */
export const dataKeyOf = ({ metadata }: Pick<Payload, 'metadata'>): string | undefined => {
  if (!metadata?.['encoding'] || !encoding.equals(metadata['encoding'])) return undefined;
  const keyId = Buffer.from(metadata[keyIdField] ?? []).toString('utf8');
  return isDataKey(keyId) ? keyId : undefined;
};

/** The id of a master key contains no colon, and that of a data key does. */
const isDataKey = (keyId: string): boolean => keyId.includes(':');

const decrypt = async (
  keys: ReadonlyMap<string, KeyObject>,
  dataKeys: PayloadKeys | undefined,
  payload: Payload,
): Promise<Payload> => {
  const { metadata, data } = payload;
  if (!metadata?.['encoding'] || !encoding.equals(metadata['encoding'])) return payload;
  const keyId = Buffer.from(metadata[keyIdField] ?? []).toString('utf8');
  const sealed = data ?? new Uint8Array();
  if (dataKeys !== undefined && isDataKey(keyId)) {
    return PayloadMessage.decode(await dataKeys.openBytes(keyId, sealed, 'payload'));
  }
  const key = keys.get(keyId);
  if (key === undefined) throw new UnknownKey(keyId);
  return PayloadMessage.decode(openBytes(key, sealed, associatedDataOf(keyId)));
};

/**
 * Stored credentials are sealed under the same keys. This text prevents that one is accepted as the other.
 */
const associatedDataOf = (keyId: string): string => `castmatch payload ${keyId}`;
