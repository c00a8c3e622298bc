/**
 * Wraps data keys with a symmetric key of AWS KMS, which never leaves it. The place of a data key is its encryption
 * context: authenticated with it, and shown in AWS's log of each use.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html,
 * https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
 */
import { DecryptCommand, EncryptCommand, KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import type { KmsConfiguration } from '../configuration/configuration.ts';
import { NotAuthentic } from './aes-gcm.ts';
import type { KeyWrapping } from './key-wrapping.ts';

const prefix = 'aws-kms:';

export const isAwsKmsKey = (masterKeyId: string): boolean => masterKeyId.startsWith(prefix);

/** KMS did not do it: it is away, or refused. Says what to do. Carries neither keys nor what AWS quoted of a request. */
export class KmsFailure extends Error {
  override readonly name = 'KmsFailure';
  /** AWS's own name of it, or the system's code of what broke on the way there. */
  readonly code: string;

  constructor(operation: string, code: string) {
    super(
      `AWS KMS did not ${operation} a data key (${code}): ${remedies[code] ?? 'it passes, or AWS says more in its status'}`,
    );
    this.code = code;
  }
}

const permit = 'allow kms:Encrypt and kms:Decrypt on the key to the credentials of this service';
const revive = 'enable the key again, or cancel its deletion';
const credentials = 'check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role of this machine';

const remedies: Readonly<Record<string, string>> = {
  NotFoundException: 'check CASTMATCH_KMS_KEY and AWS_REGION, there is no such key',
  DisabledException: revive,
  KMSInvalidStateException: revive,
  AccessDeniedException: permit,
  IncorrectKeyException:
    'it was wrapped by another key than it names, as when an alias was pointed elsewhere',
  UnrecognizedClientException: credentials,
  InvalidSignatureException: credentials,
  ExpiredTokenException: credentials,
  CredentialsProviderError: credentials,
  ThrottlingException: 'it is asked too often, and passes',
  LimitExceededException: 'it is asked too often, and passes',
};

/** One call, with the client's one repetition of what passes at once. */
const deadlineMs = 5_000;
const callsAtMost = 2;

export const createAwsKms = (configuration: KmsConfiguration): KeyWrapping => {
  const client = new KMSClient(clientOptions(configuration));
  const { keyId } = configuration;
  const newestKeyId = `${prefix}${keyId}`;

  return {
    newestKeyId,
    canUnwrap: isAwsKmsKey,

    async wrap(dataKey, place) {
      const command = new EncryptCommand({
        KeyId: keyId,
        Plaintext: dataKey,
        EncryptionContext: { place },
      });
      const { CiphertextBlob } = await callKms('wrap', (options) => client.send(command, options));
      if (!CiphertextBlob) throw new KmsFailure('wrap', 'no answer');
      return { masterKeyId: newestKeyId, wrapped: Buffer.from(CiphertextBlob).toString('base64') };
    },

    async unwrap(masterKeyId, wrapped, place) {
      const named = masterKeyId.slice(prefix.length);
      const command = new DecryptCommand({
        CiphertextBlob: Buffer.from(wrapped, 'base64'),
        EncryptionContext: { place },
        // An alias may have been pointed at another key since; the ciphertext names its own.
        ...(isAlias(named) ? {} : { KeyId: named }),
      });
      const { Plaintext } = await callKms('unwrap', (options) => client.send(command, options));
      if (!Plaintext) throw new KmsFailure('unwrap', 'no answer');
      return Plaintext;
    },
  };
};

const callKms = async <Answer>(
  operation: string,
  ask: (options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
): Promise<Answer> => {
  try {
    return await ask({ abortSignal: AbortSignal.timeout(deadlineMs) });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'InvalidCiphertextException') {
      throw new NotAuthentic('what was wrapped was altered, or belongs to something else');
    }
    throw new KmsFailure(operation, code);
  }
};

const isAlias = (keyId: string): boolean => /^alias\/|:alias\//.test(keyId);

const clientOptions = ({ keyId, region, endpoint, credentials }: KmsConfiguration): KMSClientConfig => {
  const home = region ?? /^arn:[^:]+:kms:([^:]+):/.exec(keyId)?.[1];
  return {
    ...(home && { region: home }),
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
    maxAttempts: callsAtMost,
  };
};

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return code ?? error.name;
};
