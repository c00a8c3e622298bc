import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { createEncryptionCodec } from './encryption-codec.ts';

export const failureConverterPath = fileURLToPath(new URL('./failure-converter.ts', import.meta.url));

/**
 * Creates the data converter that client, worker, replayer, codec server and tests share. It encrypts
 * payloads and failures under the newest key.
 *
 * @param masterKeys newest first, as in `ServiceConfiguration.masterKeys`.
 * @throws {RangeError} when there is no key.
 */
export const createDataConverter = (
  masterKeys: Parameters<typeof createEncryptionCodec>[0],
): DataConverter => ({
  failureConverterPath,
  payloadCodecs: [createEncryptionCodec(masterKeys)],
});
