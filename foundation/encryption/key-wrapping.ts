/**
 * Wraps the data keys that secrets are sealed under: the local ring of master keys is one way, a cloud KMS another.
 * A wrapped key names its master key, so that it stays readable after a newer one has taken over.
 */
export interface KeyWrapping {
  /** The id of the master key that wraps from now on. */
  readonly newestKeyId: string;
  /** Whether this can unwrap what that master key has wrapped. */
  canUnwrap(masterKeyId: string): boolean;
  /** @param place ties the wrapped key to where it is kept; it is not secret. */
  wrap(
    dataKey: Uint8Array,
    place: string,
  ): Promise<{ readonly masterKeyId: string; readonly wrapped: string }>;
  /**
   * @throws {UnknownKey} when the master key is none of these.
   * @throws {NotAuthentic} when it was altered, or belongs to another place.
   */
  unwrap(masterKeyId: string, wrapped: string, place: string): Promise<Uint8Array>;
}
