/** Connects a command to Temporal. */
import { Client, Connection } from '@temporalio/client';
import { workflowTaskQueue } from '../../activities/contract.ts';
import { createDatabaseClient } from '../../db/client.ts';
import { createVault } from '../../db/vault/envelope-encryption.ts';
import {
  loadTemporalClientConfiguration,
  loadVaultConfiguration,
  type TemporalConfiguration,
} from '../../foundation/configuration/configuration.ts';
import { createKeyWrapping } from '../../foundation/encryption/configured-wrapping.ts';
import { temporalClientOptions } from '../../foundation/temporal/connection.ts';

/** The Temporal server of the configuration does not answer. */
export class TemporalUnreachable extends Error {
  override readonly name = 'TemporalUnreachable';
}

/** @throws {TemporalUnreachable} when the server does not answer. */
export const connectToTemporal = async ({
  address,
  tls,
  apiKey,
}: TemporalConfiguration): Promise<Connection> => {
  try {
    return await Connection.connect({ address, tls, apiKey, connectTimeout: '5s' });
  } catch (cause) {
    throw new TemporalUnreachable(
      `Temporal does not answer at ${address}: start the stack with \`npm start\`, or set TEMPORAL_ADDRESS`,
      { cause },
    );
  }
};

/**
 * Connects to Temporal with the settings of the service, and to the database of the keys of the payloads. Runs `work`, and
 * closes the connections.
 * @throws {ConfigurationError} when a setting is missing.
 * @throws {TemporalUnreachable} when the server does not answer.
 */
export const withTemporal = async <Result>(
  work: (client: Client, taskQueue: string) => Promise<Result>,
): Promise<Result> => {
  const configuration = loadTemporalClientConfiguration();
  const access = loadVaultConfiguration();
  const connection = await connectToTemporal(configuration.temporal);
  const keys = createDatabaseClient(access.keyDatabaseUrl, { poolSize: 2, applicationName: 'castmatch-ops' });
  try {
    const vault = createVault(keys.db, createKeyWrapping(access));
    const client = new Client({ connection, ...temporalClientOptions(configuration, vault) });
    return await work(client, `${workflowTaskQueue}${configuration.taskQueueSuffix}`);
  } finally {
    await Promise.all([connection.close(), keys.close()]);
  }
};
