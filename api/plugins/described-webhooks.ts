/** Describes the events that we send, for the OpenAPI document, from the schemas that also create the events. */
import { z } from 'zod';
import { documentedEvents } from '../../domain/platform-events/public-event.ts';

const header = (name: string, description: string) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
});

const headers = [
  header('webhook-id', 'The same in every attempt; use it to deduplicate events'),
  header('webhook-timestamp', 'Time of this attempt, in seconds since 1970'),
  header('webhook-signature', 'Separated by spaces; one signature for each valid secret'),
];

/** Returns the OpenAPI `webhooks` by event type. */
export const describedWebhooks = (): Readonly<Record<string, object>> =>
  Object.fromEntries(
    documentedEvents.map(({ type, summary, schema, example }) => [
      type,
      {
        post: {
          operationId: type,
          tags: ['Events'],
          summary,
          security: [],
          parameters: headers,
          requestBody: {
            required: true,
            content: {
              'application/json': {
                schema: withoutDialect(schema),
                ...(example === undefined ? {} : { example }),
              },
            },
          },
          responses: {
            '2XX': { description: 'Delivered. After any other response the event is sent again' },
            '410': { description: 'Stops delivery: the endpoint is disabled' },
          },
        },
      },
    ]),
  );

/** Removes `$schema`: OpenAPI 3.1 already defines its JSON Schema dialect. */
const withoutDialect = (schema: z.ZodType): object => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'output' });
  return rest;
};
