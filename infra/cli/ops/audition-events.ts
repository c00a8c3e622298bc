/** The last events of an audition's trail, for the terminal. */
import { z } from 'zod';
import { renderTable } from '../table.ts';
import type { OpsClient } from './http-client.ts';

const eventsSchema = z.object({
  items: z.array(
    z.object({
      sequence: z.int().describe('The position in the trail'),
      at: z.string().describe('When it happened'),
      principal: z.string().optional().describe('Who has caused it. Absent for events of earlier versions'),
      correlationId: z.string().describe('The correlation id of the request or the webhook'),
      fact: z.looseObject({ type: z.string().describe('What happened') }),
    }),
  ),
});
type Events = z.infer<typeof eventsSchema>['items'];

const mostEvents = 20;

/** Returns the last events of the trail, in order. */
export const lastEvents = async (
  client: OpsClient,
  { id, sequence }: { readonly id: string; readonly sequence: number },
): Promise<Events> => {
  const after = Math.max(0, sequence - mostEvents);
  const path = `/v1/auditions/${id}/events?cursor=${after}&limit=${mostEvents}`;
  return (await client.call(eventsSchema, 'GET', path)).items;
};

/** Returns the events as a table. */
export const eventTable = (events: Events): string =>
  events.length === 0
    ? 'The trail has no events yet.'
    : renderTable(
        ['event', 'what', 'when', 'who'],
        events.map(({ sequence, fact, at, principal }) => [
          String(sequence),
          fact.type,
          at,
          principal ?? 'not recorded',
        ]),
      );
