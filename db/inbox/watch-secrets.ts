/**
 * Issues and verifies the secrets of subscriptions: a nonce, which is a hash of our id, and its HMAC. A forged notification is recognized without a
 * query. Graph's `clientState` has at most 128 characters
 * (https://learn.microsoft.com/graph/api/resources/subscription), Google's channel token 256
 * (https://developers.google.com/workspace/calendar/api/guides/push): a secret has at most 99.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { KeyedReferences } from '../../foundation/encryption/keyed-references.ts';

export interface WatchSecrets {
  /**
   * Returns a secret for a subscription of the provider: under one master key, the same one for each request to open it. A request
   * whose answer was lost can be repeated, and whichever one the vendor has followed, it has the stored secret.
   * @param id our own id of the subscription, which is not guessed
   */
  issue(provider: string, id: string): string;
  /** Returns whether the secret was issued for the provider, under any master key of the ring. */
  isIssued(provider: string, secret: string): boolean;
  /** Returns the id of the master key under which the secret was issued. Undefined: it was issued under none of the ring. */
  keyOf(provider: string, secret: string): string | undefined;
  /** Ids of the master keys of the ring, newest first. */
  readonly keyIds: readonly string[];
}

const nonceBytes = 16;
const form = /^([A-Za-z0-9_-]{22})\.(\S{1,80})$/;

const isEqual = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

/** Creates the secrets. */
export const createWatchSecrets = (references: KeyedReferences): WatchSecrets => {
  const keyOf = (provider: string, secret: string): string | undefined => {
    const [, nonce, code] = form.exec(secret) ?? [];
    if (nonce === undefined || code === undefined) return undefined;
    const at = references.all(`${provider} ${nonce}`).findIndex((reference) => isEqual(reference, code));
    return references.keyIds[at];
  };
  return {
    issue(provider, id) {
      const nonce = createHash('sha256').update(id).digest().subarray(0, nonceBytes).toString('base64url');
      return `${nonce}.${references.newest(`${provider} ${nonce}`)}`;
    },
    isIssued: (provider, secret) => keyOf(provider, secret) !== undefined,
    keyOf,
    keyIds: references.keyIds,
  };
};
