/** Provides one Temporal server to all end-to-end tests (vitest global setup): that at TEMPORAL_ADDRESS, or a new one. */
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
