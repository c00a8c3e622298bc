/** Generates the OpenAPI document from the schemas that validate requests. */
import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { Api } from '../api.ts';
import { describedWebhooks } from './described-webhooks.ts';
import { withInvalidRequestResponse } from './invalid-request-responses.ts';
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

/**
 * Returns the complete document. Each shared schema has an input form and an output form; forms without a reference
 * are removed.
 */
const openApiDocument = (api: Api): object => {
  const document = api.swagger();
  if (!('components' in document)) return document;
  const text = JSON.stringify(document);
  const schemas = Object.entries(document.components?.schemas ?? {}).filter(([name]) =>
    text.includes(`"#/components/schemas/${name}"`),
  );
  const paths = pathsObjectSchema.parse(JSON.parse(JSON.stringify(document.paths ?? {})));
  return {
    ...document,
    components: { ...document.components, schemas: Object.fromEntries(schemas) },
    webhooks: describedWebhooks(),
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, operations]) => [
        path,
        Object.fromEntries(
          Object.entries(operations).map(([method, operation]) => [
            method,
            withResponseHeaders(withInvalidRequestResponse(operation)),
          ]),
        ),
      ]),
    ),
  };
};

/** Serves the document at /openapi.json. All routes must be registered before the first request, which builds it. */
export const openApiRoute = (api: Api): void => {
  let bytes: Buffer | undefined;
  api.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    bytes ??= Buffer.from(JSON.stringify(openApiDocument(api)));
    return reply.type('application/json; charset=utf-8').send(bytes);
  });
};
