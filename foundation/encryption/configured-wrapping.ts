/** Selects the key wrapping that the configuration names. */
import type { ServiceConfiguration } from '../configuration/configuration.ts';
import { createAwsKms, isAwsKmsKey } from './aws-kms.ts';
import { createKeyRing } from './key-ring.ts';
import type { KeyWrapping } from './key-wrapping.ts';

/**
 * Returns the key ring, or the KMS if one is configured. The KMS then wraps new data keys, and data keys
 * wrapped by the key ring stay readable.
 */
export const createKeyWrapping = ({
  masterKeys,
  kms,
}: Pick<ServiceConfiguration, 'masterKeys' | 'kms'>): KeyWrapping => {
  const ring = createKeyRing(masterKeys);
  if (!kms) return ring;
  const cloud = createAwsKms(kms);
  const wrappingFor = (masterKeyId: string) => (isAwsKmsKey(masterKeyId) ? cloud : ring);
  return {
    newestKeyId: cloud.newestKeyId,
    references: (purpose) => ring.references(purpose),
    canUnwrap: (masterKeyId) => wrappingFor(masterKeyId).canUnwrap(masterKeyId),
    wrap: (dataKey, place) => cloud.wrap(dataKey, place),
    unwrap: (masterKeyId, wrapped, place) => wrappingFor(masterKeyId).unwrap(masterKeyId, wrapped, place),
  };
};
