/** Generates the OpenAPI document from the schemas that validate requests. */
import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { Api } from '../api.ts';
import { connectionResponses, withConnectionResponses } from './connection-responses.ts';
import { describedWebhooks } from './described-webhooks.ts';
import { withExamples, withResponseExamples } from './examples.ts';
import { withInvalidRequestResponse } from './invalid-request-responses.ts';
import { withOptionalBody } from './optional-bodies.ts';
import { pathsObjectSchema, withResponseHeaders } from './response-headers.ts';

const description = `Orchestrates auditions. Each audition is one long-running workflow.

Errors are problem documents (RFC 9457) with a stable \`code\`. Every response has the header \`X-Correlation-Id\`: send
your own ID, or quote ours. Requests with an \`Idempotency-Key\` can be repeated safely. A repeated response has the
header \`Idempotency-Replayed: true\`.`;

/** Registers the generator. Must be called before the first route is added. */
export const describeApi = async (api: Api): Promise<void> => {
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'CastMatch orchestrator', version: '1.0.0', description },
      servers: [{ url: '/' }],
      tags: [
        { name: 'Auditions', description: 'From request to decision' },
        { name: 'Availability', description: 'Times at which all participants are free' },
        { name: 'Session blocks', description: 'Recurring casting sessions, cut into slots' },
        { name: 'Attention', description: 'Items that wait for an operator' },
        { name: 'Administration', description: 'Audit log of administrative acts' },
        { name: 'Connections', description: 'Connected accounts at providers' },
        { name: 'Feeds', description: 'Calendars to which people subscribe' },
        { name: 'Webhook endpoints', description: 'URLs that receive events' },
        { name: 'Events', description: 'Events that webhook endpoints receive' },
        { name: 'Health', description: 'For load balancers and monitoring' },
        { name: 'Webhooks', description: 'Called by providers' },
        { name: 'Codec', description: 'Decrypts payloads for the Temporal Web UI' },
      ],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'Your API key' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'Your API key' },
        },
      },
      security: [{ bearer: [] }, { apiKey: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
};

const namesIn = (part: unknown): readonly string[] =>
  [...(JSON.stringify(part) ?? '').matchAll(/"#\/components\/schemas\/(\w+)"/g)].flatMap(
    ([, name]) => name ?? [],
  );

/** Returns the names of the schemas that the part refers to, directly or through other schemas. */
const reachable = (part: unknown, schemas: Readonly<Record<string, unknown>>): ReadonlySet<string> => {
  const found = new Set<string>();
  const waiting = [...namesIn(part)];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    waiting.push(...namesIn(schemas[name]));
  }
  return found;
};

/**
 * Returns the complete document. Each shared schema has an input form and an output form; forms without a reference
 * are removed.
 */
const openApiDocument = (api: Api): object => {
  const document = api.swagger();
  if (!('components' in document)) return document;
  const all = document.components?.schemas ?? {};
  const schemas = Object.fromEntries(
    [...reachable(document.paths, all)].toSorted().map((name) => [name, all[name]]),
  );
  const findSchema = (ref: string) => schemas[ref.replace('#/components/schemas/', '')] ?? {};
  const paths = pathsObjectSchema.parse(JSON.parse(JSON.stringify(document.paths ?? {})));
  return {
    ...document,
    components: {
      ...document.components,
      schemas: withResponseExamples(schemas),
      responses: connectionResponses,
    },
    webhooks: describedWebhooks(),
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, operations]) => [
        path,
        Object.fromEntries(
          Object.entries(operations).map(([method, operation]) => [
            method,
            withConnectionResponses(
              withExamples(
                withOptionalBody(
                  withResponseHeaders(withInvalidRequestResponse({ path, method, operation })),
                  findSchema,
                ),
              ),
            ),
          ]),
        ),
      ]),
    ),
  };
};

/**
 * Serves the document at /openapi.json. All routes must be registered before the first request, which builds it.
 * @param documented the server whose routes the document describes, when it is another one
 */
export const openApiRoute = (api: Api, documented = api): void => {
  let bytes: Buffer | undefined;
  api.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    bytes ??= Buffer.from(JSON.stringify(openApiDocument(documented)));
    return reply.type('application/json; charset=utf-8').send(bytes);
  });
};
