/** The API's Temporal client and its health check. */
import { Client, Connection } from '@temporalio/client';
import { temporalClientOptions, temporalConnectionOptions } from '../foundation/temporal/connection.ts';
import type { PayloadKeys } from '../foundation/temporal/encryption-codec.ts';
import type { Configuration } from '../providers/configuration.ts';

export interface TemporalConnection {
  readonly client: Client;
  /** Throws when Temporal does not respond within two seconds. */
  check(): Promise<void>;
  close(): Promise<void>;
}

const healthCheckTimeoutMs = 2_000;

/** Creates a client that connects with the first call and reconnects after outages. So the API starts without Temporal. */
export const connectTemporal = (
  configuration: Pick<Configuration, 'temporal' | 'masterKeys'>,
  dataKeys: PayloadKeys,
): TemporalConnection => {
  const { namespace } = configuration.temporal;
  const connection = Connection.lazy(temporalConnectionOptions(configuration.temporal));
  /** Concurrent checks share one call: the route is public, and Temporal limits the call rate. */
  let runningCheck: Promise<unknown> | undefined;
  const client = new Client({ connection, ...temporalClientOptions(configuration, dataKeys) });
  return {
    client,
    check: async () => {
      runningCheck ??= connection
        .withDeadline(Date.now() + healthCheckTimeoutMs, () =>
          connection.workflowService.describeNamespace({ namespace }),
        )
        .finally(() => {
          runningCheck = undefined;
        });
      await runningCheck;
    },
    close: () => connection.close(),
  };
};
