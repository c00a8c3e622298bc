/** Before the end-to-end tests: one Temporal server for all of them. With TEMPORAL_ADDRESS set, that one is used. */
import type { TestProject } from 'vitest/node';
import { findOrStartTemporal } from './temporal-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** host:port */
    temporalAddress: string;
    temporalNamespace: string;
  }
}

export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const server = await findOrStartTemporal();
  project.provide('temporalAddress', server.address);
  project.provide('temporalNamespace', server.namespace);
  return () => server.stop();
};
