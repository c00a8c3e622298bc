/**
 * Seals short texts (credentials, links) under a ring of master keys, with the id of the key in front and associated
 * data that ties the sealed text to its place.
 */
import { createSecretKey } from 'node:crypto';
import { NotAuthentic, openBytes, sealBytes, UnknownKey } from './aes-gcm.ts';

interface Key {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

export interface KeyRing {
  /** Seals under the newest key. Never twice the same text. */
  seal(plaintext: string, associatedData: string): string;
  /**
   * Opens what any key of the ring has sealed.
   * @throws {UnknownKey} when the key is not on the ring.
   * @throws {NotAuthentic} when text or associated data are not those of `seal`.
   */
  open(sealed: string, associatedData: string): string;
}

/** @param masterKeys newest first, at least one; the first seals, all open. */
export const createKeyRing = (masterKeys: readonly Key[]): KeyRing => {
  const keys = new Map(masterKeys.map(({ id, key }) => [id, createSecretKey(key)]));
  const [newest] = keys;
  if (newest === undefined) throw new RangeError('a key ring needs at least one key');

  return {
    seal(plaintext, associatedData) {
      const [keyId, key] = newest;
      const sealed = sealBytes(key, Buffer.from(plaintext, 'utf8'), bound(keyId, associatedData));
      return `v1.${keyId}.${sealed.toString('base64url')}`;
    },

    open(sealed, associatedData) {
      const [, keyId, content] = /^v1\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/.exec(sealed) ?? [];
      if (keyId === undefined || content === undefined) throw new NotAuthentic('not a sealed text');
      const key = keys.get(keyId);
      if (key === undefined) throw new UnknownKey(keyId);
      return openBytes(key, Buffer.from(content, 'base64url'), bound(keyId, associatedData)).toString('utf8');
    },
  };
};

/** Ties the sealed text to its key's id and its place alike; an id cannot hold the separator. */
const bound = (keyId: string, associatedData: string): string => `v1.${keyId}.${associatedData}`;
