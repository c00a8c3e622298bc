import { defineConfig } from 'drizzle-kit';

/**
 * Configures `npm run db:generate`, which compares the schema with the last migration. Needs no database
 * connection.
 */
export default defineConfig({
  dialect: 'postgresql',
  schema: './db/schema/*.ts',
  out: './db/migrations',
});
