/** Starts PostgreSQL for the tests that need it (vitest global setup). Test files clone databases from its template. */
import type { TestProject } from 'vitest/node';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: PostgresServer;
  }
}

export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const server = await startPostgres();
  project.provide('postgres', { url: server.url, template: server.template });
  return () => server.stop();
};
