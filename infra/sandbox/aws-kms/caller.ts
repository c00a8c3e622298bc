/** Who calls: the access key named in the signature. The signature itself is not computed anew. */
import type { AwsKmsSettings } from '../settings.ts';
import { unknownClient } from './errors.ts';

const credentialOf = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/kms\/aws4_request, /;

export const checkCaller = (authorization: string | undefined, settings: AwsKmsSettings): void => {
  const [, accessKeyId, region] = credentialOf.exec(authorization ?? '') ?? [];
  if (accessKeyId !== settings.accessKeyId || region !== settings.region) throw unknownClient;
};
