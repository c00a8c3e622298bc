/** The API's client of Temporal. */
import { Client, Connection } from '@temporalio/client';
import { temporalClientOptions, temporalConnectionOptions } from '../foundation/temporal/connection.ts';
import type { Configuration } from '../providers/configuration.ts';

export interface TemporalConnection {
  readonly client: Client;
  /** Throws when Temporal does not answer within two seconds. */
  check(): Promise<void>;
  close(): Promise<void>;
}

const healthCheckTimeoutMs = 2_000;

/** Connects with the first call, and again after an outage: the API starts whether Temporal is there or not. */
export const connectTemporal = (
  configuration: Pick<Configuration, 'temporal' | 'masterKeys'>,
): TemporalConnection => {
  const { namespace } = configuration.temporal;
  const connection = Connection.lazy(temporalConnectionOptions(configuration.temporal));
  /** Whoever asks while a question is under way shares it: anybody may ask, and the server counts. */
  let asking: Promise<unknown> | undefined;
  const client = new Client({ connection, ...temporalClientOptions(configuration) });
  return {
    client,
    check: async () => {
      asking ??= connection
        .withDeadline(Date.now() + healthCheckTimeoutMs, () =>
          connection.workflowService.describeNamespace({ namespace }),
        )
        .finally(() => {
          asking = undefined;
        });
      await asking;
    },
    close: () => connection.close(),
  };
};
