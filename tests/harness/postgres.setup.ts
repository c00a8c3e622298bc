/** Vitest's global set-up for tests that need PostgreSQL: each test clones a database of its own from the template. */
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
