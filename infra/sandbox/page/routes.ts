/**
 * Serves the page at `/`, its style sheet and script, its panels, and the event stream that announces
 * changes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { IANAZone } from 'luxon';
import { z } from 'zod';
import type { ChangeNotifier } from '../change-notifier.ts';
import { consentStyle } from '../oauth/consent-page.ts';
import { createSandboxPage, type PageParts } from './page.ts';
import { createServerSentEvents } from './server-sent-events.ts';

const zoneQuery = z.object({
  zone: z
    .string()
    .refine((name) => IANAZone.isValidZone(name))
    .catch('UTC'),
});

/**
 * Allows only the page's own script, so that stored text such as an event title can never run as a script.
 */
const contentSecurityPolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

const asset = (name: string) => readFileSync(join(import.meta.dirname, 'assets', name), 'utf8');

/** Registers the routes of the page. */
export const pageRoutes = (
  app: FastifyInstance,
  { activity, ...parts }: PageParts & { activity: ChangeNotifier },
) => {
  const page = createSandboxPage(parts);
  const live = createServerSentEvents(activity);
  const style = asset('page.css');
  const script = asset('page.js');
  app.addHook('preClose', async () => live.close());

  app.get('/', (request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', contentSecurityPolicy)
      .header('cache-control', 'no-store')
      .send(page.document(zoneQuery.parse(request.query).zone)),
  );
  app.get('/sandbox/panels', (request) => page.panels(zoneQuery.parse(request.query).zone));
  app.get('/sandbox/page.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(style));
  app.get('/sandbox/consent.css', (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(consentStyle),
  );
  app.get('/sandbox/page.js', (_request, reply) => reply.type('text/javascript; charset=utf-8').send(script));
  app.get('/sandbox/live', (_request, reply) => {
    reply.hijack();
    live.add(reply.raw);
  });
};
