import type { KeyedReferences } from './keyed-references.ts';

/**
 * Wraps the data keys that seal secrets. Implemented by the local key ring and by a cloud KMS. A wrapped key
 * names its master key, so that it stays readable after a newer master key is added.
 */
export interface DataKeyWrapping {
  /** The id of the master key that wraps new data keys. */
  readonly newestKeyId: string;
  /** Returns whether data keys of this master key can be unwrapped. */
  canUnwrap(masterKeyId: string): boolean;
  /**
   * Wraps a data key.
   *
   * @param place names where the wrapped key is stored and binds the key to it; it is not secret.
   */
  wrap(
    dataKey: Uint8Array,
    place: string,
  ): Promise<{ readonly masterKeyId: string; readonly wrapped: string }>;
  /**
   * Returns the data key.
   *
   * @throws {UnknownKey} when the master key is not configured.
   * @throws {NotAuthentic} when the wrapped key was altered or belongs to another place.
   */
  unwrap(masterKeyId: string, wrapped: string, place: string): Promise<Uint8Array>;
}

export interface KeyWrapping extends DataKeyWrapping {
  /** Returns the references of a purpose, under keys derived from the master keys of the configuration. */
  references(purpose: string): KeyedReferences;
}
