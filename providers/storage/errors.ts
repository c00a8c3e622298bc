/** Maps the errors of the file system and of S3 to our faults. */
import { S3ServiceException } from '@aws-sdk/client-s3';
import { ProviderError } from '../../domain/errors.ts';
import { minute } from '../../domain/time/units.ts';
import {
  type ErrorRow,
  faultOf,
  httpRows,
  type ProviderOperation,
  providerError,
} from '../errors/error-table.ts';
import { transportError } from '../errors/transport-errors.ts';
import type { CallContext } from '../ports.ts';

/** An operator must free space first, so a retry within seconds cannot help. */
const retryWhenFullMs = 5 * minute;

/** Returns the error of a storage without space. What was stored of the file stays. */
export const storageFull = (operation: ProviderOperation, code = 'ENOSPC'): ProviderError =>
  new ProviderError(
    operation.provider,
    operation.name,
    { kind: 'retry_after', delayMs: retryWhenFullMs },
    { code, message: 'the storage is full: free space or add some' },
  );

/** Returns whether the file does not exist. */
export const isAbsent = (error: unknown): boolean => codeOf(error) === 'ENOENT';

const fullCodes: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);
const refusedCodes: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']);

/** Returns an error of the file system as a `ProviderError`. The message contains no path. */
export const fileSystemError = (operation: ProviderOperation, error: unknown): unknown => {
  if (error instanceof ProviderError || error instanceof RangeError) return error;
  const code = codeOf(error);
  if (fullCodes.has(code)) return storageFull(operation, code);
  const effect = operation.writes ? 'unknown' : 'none';
  const fault = isAbsent(error)
    ? ({ kind: 'not_found' } as const)
    : refusedCodes.has(code)
      ? ({ kind: 'misconfigured' } as const)
      : ({ kind: 'outage', effect } as const);
  return providerError(operation, fault, { code, message: 'the file system has failed' });
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList */
const s3Errors: readonly ErrorRow[] = [
  { code: 'NoSuchKey', fault: 'not_found' },
  { code: 'NotFound', fault: 'not_found' },
  { code: 'NoSuchUpload', fault: 'not_found' },
  { code: 'NoSuchBucket', fault: 'misconfigured' },
  { code: 'AccessDenied', fault: 'misconfigured' },
  { code: 'InvalidAccessKeyId', fault: 'misconfigured' },
  { code: 'SignatureDoesNotMatch', fault: 'misconfigured' },
  { code: 'CredentialsProviderError', fault: 'misconfigured' },
  { code: 'SlowDown', fault: 'retry' },
  { code: 'RequestTimeout', fault: 'retry' },
  { status: 403, fault: 'misconfigured' },
  ...httpRows,
];

/** The codes of servers other than that of AWS, which has no limit. */
const s3FullCodes: ReadonlySet<string> = new Set([
  'QuotaExceeded',
  'XMinioStorageFull',
  'InsufficientStorage',
]);

/** Returns an error of S3's client as a `ProviderError`. */
export const s3Error = (operation: ProviderOperation, error: unknown, call: CallContext): ProviderError => {
  if (error instanceof ProviderError) return error;
  if (!(error instanceof S3ServiceException)) {
    return error instanceof Error && error.name === 'CredentialsProviderError'
      ? providerError(operation, { kind: 'misconfigured' }, { code: error.name, message: 'no credentials' })
      : transportError(operation, error, call);
  }
  const status = error.$metadata.httpStatusCode;
  if (s3FullCodes.has(error.name) || status === 507) return storageFull(operation, error.name);
  const failure = { status, code: error.name, message: 'the storage has refused the request' };
  return providerError(operation, faultOf(s3Errors, failure, operation), failure);
};

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
