/**
 * The keys of the account. The key material is derived from the key id and therefore survives a restart
 * without being stored.
 */
import { createHash } from 'node:crypto';
import type { AwsKmsSandboxSettings } from '../settings.ts';
import { disabled, noSuchKey } from './errors.ts';

export interface KmsKey {
  readonly id: string;
  readonly arn: string;
  readonly material: Buffer;
}

export interface Keys {
  /**
   * Finds a key by id, ARN, alias or ARN of the alias.
   *
   * @throws {AwsKmsError} when the key does not exist or is disabled.
   */
  usable(keyId: string): KmsKey;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const uuidOf = (alias: string): string =>
  digest(alias)
    .toString('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');

/** Creates the keys of the configured aliases. */
export const createKeys = ({ region, account, aliases, disabledAliases }: AwsKmsSandboxSettings): Keys => {
  const prefix = `arn:aws:kms:${region}:${account}:`;
  const byName = new Map<string, KmsKey & { readonly alias: string }>();
  for (const alias of aliases) {
    const id = uuidOf(alias);
    const key = { id, alias, arn: `${prefix}key/${id}`, material: digest(`castmatch sandbox ${id}`) };
    for (const name of [id, key.arn, alias, `${prefix}${alias}`]) byName.set(name, key);
  }
  return {
    usable: (keyId) => {
      const key = byName.get(keyId);
      if (!key) throw noSuchKey(keyId.startsWith('arn:') ? keyId : `${prefix}${keyId}`);
      if (disabledAliases.includes(key.alias)) throw disabled(key.arn);
      return key;
    },
  };
};
