/** The API's client of Temporal. */
import { Client, Connection } from '@temporalio/client';
import type { Configuration } from '../foundation/configuration/configuration.ts';
import { createDataConverter } from '../foundation/temporal/data-converter.ts';

export interface TemporalAccess {
  readonly client: Client;
  /** Throws when Temporal does not answer within two seconds. */
  check(): Promise<void>;
  close(): Promise<void>;
}

const answersWithin = 2_000;

/** Connects with the first call, and again after an outage: the API starts whether Temporal is there or not. */
export const connectTemporal = ({
  temporal: { address, namespace, apiKey, tls },
  masterKeys,
}: Pick<Configuration, 'temporal' | 'masterKeys'>): TemporalAccess => {
  const connection = Connection.lazy({
    address,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(tls === undefined ? {} : { tls }),
  });
  /** Whoever asks while a question is under way shares it: anybody may ask, and the server counts. */
  let asking: Promise<unknown> | undefined;
  const client = new Client({ connection, namespace, dataConverter: createDataConverter(masterKeys) });
  return {
    client,
    check: async () => {
      asking ??= connection
        .withDeadline(Date.now() + answersWithin, () =>
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
