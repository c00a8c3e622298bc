import { defineConfig } from 'drizzle-kit';

/** For `npm run db:generate`, which compares the tables with the last migration. It connects to nothing. */
export default defineConfig({
  dialect: 'postgresql',
  schema: './db/schema/*.ts',
  out: './db/migrations',
});
