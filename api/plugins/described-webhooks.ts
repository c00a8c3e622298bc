/** The events that we send, for the OpenAPI document: made of the very schemas that they are made of. */
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
  header('webhook-id', 'The same in every attempt: by it you know what you have seen'),
  header('webhook-timestamp', 'Of this attempt, in seconds'),
  header('webhook-signature', 'Parted by spaces, one for each secret that is good'),
];

/** By the type of the event. */
export const describedWebhooks = (): Readonly<Record<string, object>> =>
  Object.fromEntries(
    documentedEvents.map(({ type, summary, schema }) => [
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
            content: { 'application/json': { schema: withoutDialect(schema) } },
          },
          responses: {
            '2XX': { description: 'Taken. Whatever else is answered, it is sent again' },
            '410': { description: 'You want nothing more: the endpoint is disabled' },
          },
        },
      },
    ]),
  );

/** OpenAPI 3.1 says itself which JSON Schema it speaks. */
const withoutDialect = (schema: z.ZodType): object => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'output' });
  return rest;
};
