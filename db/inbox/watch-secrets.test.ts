import { describe, expect, it } from 'vitest';
import { createKeyedReferences } from '../../foundation/encryption/keyed-references.ts';
import { createWatchSecrets } from './watch-secrets.ts';

const keyOf = (id: string, byte: number) => ({ id, key: new Uint8Array(32).fill(byte) });
const secretsOf = (...keys: readonly ReturnType<typeof keyOf>[]) =>
  createWatchSecrets(createKeyedReferences(keys, 'watch secret'));

describe('the secret of a subscription', () => {
  it('is recognized for its provider only, and fits into the vendors’ fields', () => {
    const secrets = secretsOf(keyOf('k'.repeat(32), 1));
    const secret = secrets.issue('google', 'c');
    expect(secrets.isIssued('google', secret)).toBe(true);
    expect(secrets.isIssued('microsoft', secret)).toBe(false);
    expect(secret.length).toBeLessThanOrEqual(128);
    expect(secrets.issue('google', 'another')).not.toBe(secret);
  });

  it('is the same for a repeated request, until another master key is the newest', () => {
    const secret = secretsOf(keyOf('a', 1)).issue('google', 'c');
    expect(secretsOf(keyOf('a', 1)).issue('google', 'c')).toBe(secret);
    expect(secretsOf(keyOf('b', 2), keyOf('a', 1)).issue('google', 'c')).not.toBe(secret);
  });

  it('is recognized after a rotation, until its master key is removed', () => {
    const secret = secretsOf(keyOf('a', 1)).issue('google', 'c');
    expect(secretsOf(keyOf('b', 2), keyOf('a', 1)).isIssued('google', secret)).toBe(true);
    expect(secretsOf(keyOf('b', 2)).isIssued('google', secret)).toBe(false);
  });

  it('names its master key', () => {
    const secret = secretsOf(keyOf('a', 1)).issue('google', 'c');
    const rotated = secretsOf(keyOf('b', 2), keyOf('a', 1));
    expect(rotated.keyOf('google', secret)).toBe('a');
    expect(rotated.keyOf('google', rotated.issue('google', 'c'))).toBe('b');
    expect(secretsOf(keyOf('b', 2)).keyOf('google', secret)).toBeUndefined();
  });

  it.each(['', '.', 'x', `${'n'.repeat(22)}.a:forged`, `${'n'.repeat(22)}.ä`])(
    'is not recognized: %o',
    (secret) => {
      expect(secretsOf(keyOf('a', 1)).isIssued('google', secret)).toBe(false);
    },
  );
});
