import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { createEncryptionCodec, type PayloadKeys } from './encryption-codec.ts';

export const failureConverterPath = fileURLToPath(new URL('./failure-converter.ts', import.meta.url));

/**
 * Creates the data converter that client, worker, replayer, codec server and tests share. It encrypts
 * payloads and failures under the data key of their audition or connection, and all others under the newest master key.
 *
 * @param masterKeys newest first, as in `ServiceConfiguration.masterKeys`.
 * @param dataKeys Absent: everything is encrypted under the newest master key.
 * @throws {RangeError} when there is no key.
 */
export const createDataConverter = (
  masterKeys: Parameters<typeof createEncryptionCodec>[0],
  dataKeys?: PayloadKeys,
): DataConverter => ({
  failureConverterPath,
  payloadCodecs: [createEncryptionCodec(masterKeys, dataKeys)],
});
