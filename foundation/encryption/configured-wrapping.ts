/** The way of wrapping data keys that the configuration asks for. */
import type { ServiceConfiguration } from '../configuration/configuration.ts';
import { createAwsKms, isAwsKmsKey } from './aws-kms.ts';
import { createKeyRing } from './key-ring.ts';
import type { KeyWrapping } from './key-wrapping.ts';

/** With a KMS, it wraps every new data key, and what the ring of master keys has wrapped stays readable. */
export const createKeyWrapping = ({
  masterKeys,
  kms,
}: Pick<ServiceConfiguration, 'masterKeys' | 'kms'>): KeyWrapping => {
  const ring = createKeyRing(masterKeys);
  if (!kms) return ring;
  const cloud = createAwsKms(kms);
  const of = (masterKeyId: string) => (isAwsKmsKey(masterKeyId) ? cloud : ring);
  return {
    newestKeyId: cloud.newestKeyId,
    canUnwrap: (masterKeyId) => of(masterKeyId).canUnwrap(masterKeyId),
    wrap: (dataKey, place) => cloud.wrap(dataKey, place),
    unwrap: (masterKeyId, wrapped, place) => of(masterKeyId).unwrap(masterKeyId, wrapped, place),
  };
};
