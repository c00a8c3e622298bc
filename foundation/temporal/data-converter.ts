import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { createEncryptionCodec } from './encryption-codec.ts';

export const failureConverterPath = fileURLToPath(new URL('./failure-converter.ts', import.meta.url));

/**
 * The one data converter of client, worker, replayer, codec server and tests: payloads and failures encrypted under
 * the newest of the keys.
 * @param masterKeys newest first, as in `Configuration.masterKeys`.
 */
export const createDataConverter = (
  masterKeys: Parameters<typeof createEncryptionCodec>[0],
): DataConverter => ({
  failureConverterPath,
  payloadCodecs: [createEncryptionCodec(masterKeys)],
});
