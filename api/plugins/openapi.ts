/** The OpenAPI document, made of the very schemas that validate. */
import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { Api } from '../api.ts';
import { describedWebhooks } from './described-webhooks.ts';
import { pathsObjectSchema, withResponseHeaders } from './response-headers.ts';

const description = `What happens around an audition, as one long-running workflow each.

Errors are problem documents (RFC 9457) with a stable \`code\`. Every answer carries \`X-Correlation-Id\`: send your own, or
quote ours. Requests with an \`Idempotency-Key\` may be repeated without harm; a repeated answer carries
\`Idempotency-Replayed: true\`.`;

/** To be called before the first route is added. */
export const describeApi = async (api: Api): Promise<void> => {
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'CastMatch orchestrator', version: '1.0.0', description },
      servers: [{ url: '/' }],
      tags: [
        { name: 'Auditions', description: 'From request to decision' },
        { name: 'Availability', description: 'When everybody is free' },
        { name: 'Attention', description: 'What waits for an operator' },
        { name: 'Administration', description: 'What was done by those with power' },
        { name: 'Connections', description: 'Accounts at providers that people have connected' },
        { name: 'Webhook endpoints', description: 'Where events are sent to' },
        { name: 'Events', description: 'What is sent to webhook endpoints' },
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
 * The finished document. Every shared schema exists in two forms, as it comes in and as it goes out: a form that
 * nothing refers to is left out.
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
          Object.entries(operations).map(([method, operation]) => [method, withResponseHeaders(operation)]),
        ),
      ]),
    ),
  };
};

/** Serves the document at /openapi.json. */
export const openApiRoute = (api: Api): void => {
  api.get('/openapi.json', { schema: { hide: true } }, async () => openApiDocument(api));
};
