/** Wraps data keys under the master keys of the configuration, each with AES-256-GCM. */
import { createSecretKey } from 'node:crypto';
import { NotAuthentic, openBytes, sealBytes, UnknownKey } from './aes-gcm.ts';
import type { KeyWrapping } from './key-wrapping.ts';
import { createKeyedReferences } from './keyed-references.ts';

interface Key {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/**
 * Creates a key wrapping from the configured master keys.
 *
 * @param masterKeys newest first, at least one; the first wraps, all unwrap.
 * @throws {RangeError} when there is no key.
 */
export const createKeyRing = (masterKeys: readonly Key[]): KeyWrapping => {
  const keys = new Map(masterKeys.map(({ id, key }) => [id, createSecretKey(key)]));
  const [newest] = keys;
  if (newest === undefined) throw new RangeError('a key ring needs at least one key');
  const [newestId, newestKey] = newest;

  return {
    newestKeyId: newestId,
    canUnwrap: (masterKeyId) => keys.has(masterKeyId),
    references: (purpose) => createKeyedReferences(masterKeys, purpose),

    async wrap(dataKey, place) {
      const wrapped = sealBytes(newestKey, dataKey, associatedDataOf(newestId, place));
      return { masterKeyId: newestId, wrapped: `v1.${wrapped.toString('base64url')}` };
    },

    async unwrap(masterKeyId, wrapped, place) {
      const key = keys.get(masterKeyId);
      if (key === undefined) throw new UnknownKey(masterKeyId);
      const [, content] = /^v1\.([A-Za-z0-9_-]+)$/.exec(wrapped) ?? [];
      if (content === undefined) throw new NotAuthentic('not a wrapped key');
      return openBytes(key, Buffer.from(content, 'base64url'), associatedDataOf(masterKeyId, place));
    },
  };
};

/** Binds the wrapped key to the id of its master key and to its place. An id cannot contain the separator. */
const associatedDataOf = (masterKeyId: string, place: string): string => `v1.${masterKeyId}.${place}`;
