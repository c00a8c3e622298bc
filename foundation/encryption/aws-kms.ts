/**
 * Wraps data keys with a symmetric key of AWS KMS. The key never leaves KMS. The place of a data key is its
 * encryption context: KMS authenticates it and AWS logs it with each use.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html,
 * https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
 */
import { DecryptCommand, EncryptCommand, KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import type { KmsConfiguration } from '../configuration/configuration.ts';
import { NotAuthentic } from './aes-gcm.ts';
import type { DataKeyWrapping } from './key-wrapping.ts';

const prefix = 'aws-kms:';

/** Returns true for the id of a master key in AWS KMS. */
export const isAwsKmsKey = (masterKeyId: string): boolean => masterKeyId.startsWith(prefix);

/**
 * A KMS call failed or was refused. The message names the remedy. Contains no keys and no text from AWS,
 * which may quote the request.
 */
export class KmsFailure extends Error {
  override readonly name = 'KmsFailure';
  /** The error name from AWS, the system's error code for a connection error, or our own for an empty response. */
  readonly code: string;

  constructor(operation: string, code: string) {
    super(
      `AWS KMS did not ${operation} a data key (${code}): ${remedies[code] ?? 'try again later, and check the AWS status page'}`,
    );
    this.code = code;
  }
}

const permit = 'allow kms:Encrypt and kms:Decrypt on the key to the credentials of this service';
const enableKey = 'enable the key again, or cancel its deletion';
const credentials = 'check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role of this machine';

const remedies: Readonly<Record<string, string>> = {
  NotFoundException: 'the key does not exist; check CASTMATCH_KMS_KEY and AWS_REGION',
  DisabledException: enableKey,
  KMSInvalidStateException: enableKey,
  AccessDeniedException: permit,
  IncorrectKeyException: 'another key wrapped the data key; check whether the alias was moved to another key',
  UnrecognizedClientException: credentials,
  InvalidSignatureException: credentials,
  ExpiredTokenException: credentials,
  CredentialsProviderError: credentials,
  ThrottlingException: 'too many calls; try again later',
  LimitExceededException: 'too many calls; try again later',
  NoCiphertext: 'KMS returned no ciphertext; retry',
  NoPlaintext: 'KMS returned no plaintext; retry',
};

/** Milliseconds for one operation, including the client's one retry of transient errors. */
const deadlineMs = 5_000;
const maximumAttempts = 2;

/**
 * Creates a key wrapping that calls AWS KMS. Each call takes at most 5 seconds.
 *
 * @throws {KmsFailure} from `wrap` and `unwrap`, when KMS fails or refuses the call.
 */
export const createAwsKms = (configuration: KmsConfiguration): DataKeyWrapping => {
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
      if (!CiphertextBlob) throw new KmsFailure('wrap', 'NoCiphertext');
      return { masterKeyId: newestKeyId, wrapped: Buffer.from(CiphertextBlob).toString('base64') };
    },

    async unwrap(masterKeyId, wrapped, place) {
      const named = masterKeyId.slice(prefix.length);
      const command = new DecryptCommand({
        CiphertextBlob: Buffer.from(wrapped, 'base64'),
        EncryptionContext: { place },
        // The alias may have moved to another key since. The ciphertext names the key that wrapped it.
        ...(isAlias(named) ? {} : { KeyId: named }),
      });
      const { Plaintext } = await callKms('unwrap', (options) => client.send(command, options));
      if (!Plaintext) throw new KmsFailure('unwrap', 'NoPlaintext');
      return Plaintext;
    },
  };
};

const callKms = async <Answer>(
  operation: string,
  send: (options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
): Promise<Answer> => {
  try {
    return await send({ abortSignal: AbortSignal.timeout(deadlineMs) });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'InvalidCiphertextException') {
      throw new NotAuthentic(
        'the wrapped data key was altered, or was wrapped for another row: restore it from a backup, or store its data again',
      );
    }
    throw new KmsFailure(operation, code);
  }
};

const isAlias = (keyId: string): boolean => /^alias\/|:alias\//.test(keyId);

const clientOptions = ({ keyId, region, endpoint, credentials }: KmsConfiguration): KMSClientConfig => {
  const keyRegion = region ?? /^arn:[^:]+:kms:([^:]+):/.exec(keyId)?.[1];
  return {
    ...(keyRegion && { region: keyRegion }),
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
    maxAttempts: maximumAttempts,
  };
};

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return code ?? error.name;
};
