/** Serves the baseline of the webhook benchmark: a Fastify route that does one insert and nothing else. */
import { parse } from 'node:querystring';
import Fastify from 'fastify';
import { Pool } from 'pg';

const { DATABASE_URL: connectionString, PORT: port } = process.env;

const pool = new Pool({ connectionString, max: 10 });
await pool.query('CREATE TABLE IF NOT EXISTS bare_webhooks (id text PRIMARY KEY, status text NOT NULL)');

const server = Fastify();
server.addContentTypeParser(
  'application/x-www-form-urlencoded',
  { parseAs: 'string' },
  (_request, body, done) => done(null, parse(String(body))),
);
server.post<{ Body: { MessageSid: string; MessageStatus: string } }>('/webhook', async ({ body }, reply) => {
  await pool.query('INSERT INTO bare_webhooks (id, status) VALUES ($1, $2)', [
    body.MessageSid,
    body.MessageStatus,
  ]);
  return reply.code(204).send();
});
server.get('/readyz', async () => 'ready');
await server.listen({ port: Number(port), host: '127.0.0.1' });
