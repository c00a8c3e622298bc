/**
 * Computes references that find equal values without storing them: HMACs under keys derived from the master keys. Without
 * the keys, a reference tells nothing about a value that can be guessed, such as the id of an account.
 */
import { createHmac, hkdfSync } from 'node:crypto';

export interface KeyedReferences {
  /** Id of the key of new references. */
  readonly newestKeyId: string;
  /** Ids of all keys, newest first. */
  readonly keyIds: readonly string[];
  /** Returns the reference under the newest key: `<key id>:<HMAC>`. */
  newest(value: string): string;
  /** Returns the references under every key, newest first: one of them is stored with an equal value. */
  all(value: string): readonly string[];
}

/**
 * Creates the references of one purpose. Those of different purposes are not comparable.
 *
 * @param masterKeys newest first, as in the configuration.
 * @throws {RangeError} when the key ring is empty.
 */
export const createKeyedReferences = (
  masterKeys: readonly { readonly id: string; readonly key: Uint8Array }[],
  purpose: string,
): KeyedReferences => {
  const keys = masterKeys.map(({ id, key }) => ({
    id,
    secret: Buffer.from(hkdfSync('sha256', key, '', `castmatch reference ${purpose} v1`, 32)),
  }));
  const [newest] = keys;
  if (!newest) throw new RangeError('keyed references need at least one master key');
  const under = ({ id, secret }: typeof newest, value: string): string =>
    `${id}:${createHmac('sha256', secret).update(value).digest('base64url')}`;
  return {
    newestKeyId: newest.id,
    keyIds: keys.map(({ id }) => id),
    newest: (value) => under(newest, value),
    all: (value) => keys.map((key) => under(key, value)),
  };
};
