/**
 * Builds the options of Temporal clients: address and credentials of the server, namespace and encryption.
 */
import type { ClientOptions, ConnectionOptions } from '@temporalio/client';
import type { ServiceConfiguration, TemporalConfiguration } from '../configuration/configuration.ts';
import { createDataConverter } from './data-converter.ts';
import type { PayloadKeys } from './encryption-codec.ts';

/** Returns the options of `Connection.connect` and `Connection.lazy`. */
export const temporalConnectionOptions = ({
  address,
  apiKey,
  tls,
}: TemporalConfiguration): ConnectionOptions => ({
  address,
  ...(apiKey === undefined ? {} : { apiKey }),
  ...(tls === undefined ? {} : { tls }),
});

/** Returns the options of `Client` except its connection. */
export const temporalClientOptions = (
  { temporal, masterKeys }: Pick<ServiceConfiguration, 'temporal' | 'masterKeys'>,
  dataKeys?: PayloadKeys,
): Pick<ClientOptions, 'namespace' | 'dataConverter'> => ({
  namespace: temporal.namespace,
  dataConverter: createDataConverter(masterKeys, dataKeys),
});
