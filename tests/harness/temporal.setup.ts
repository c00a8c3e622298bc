/** Before the end-to-end tests: one Temporal server for all of them. With TEMPORAL_ADDRESS set, that one is used. */
import type { TestProject } from 'vitest/node';
import { registerSearchAttributes } from '../../infra/stack/dev-server.ts';
import { loadTemporalDev } from '../../infra/stack/temporal-dev.ts';
import { startTemporalServer } from './temporal-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** host:port */
    temporalAddress: string;
    temporalNamespace: string;
  }
}

export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const settings = await loadTemporalDev();
  project.provide('temporalNamespace', settings.namespace);
  const given = process.env.TEMPORAL_ADDRESS;
  if (given !== undefined) {
    await registerSearchAttributes(
      { address: given, namespace: settings.namespace },
      settings.searchAttributes,
    );
    project.provide('temporalAddress', given);
    return async () => {};
  }
  const server = await startTemporalServer();
  project.provide('temporalAddress', server.address);
  return () => server.stop();
};
