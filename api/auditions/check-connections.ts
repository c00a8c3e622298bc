/** Checks that the organization has the calendar connections that participants name. */
import type { Connections } from '../../db/connections/repository.ts';
import type { Participant } from '../../domain/audition/request.ts';
import { Refusal } from '../../domain/errors.ts';
import type { OrganizationId } from '../../domain/ids.ts';

/**
 * Checks that the organization has every calendar connection that the participants name.
 * @param pointerOf JSON pointer of a participant in the request
 * @throws {Refusal} `unknown_connection`
 */
export const checkConnections = async (
  connections: Pick<Connections, 'findExisting'>,
  organization: OrganizationId,
  participants: readonly Pick<Participant, 'calendar'>[],
  pointerOf: (index: number) => string = (index) => `/participants/${index}`,
): Promise<void> => {
  const named = participants.flatMap(({ calendar }, index) =>
    calendar ? [{ id: calendar.connection, pointer: `${pointerOf(index)}/calendar/connection` }] : [],
  );
  if (named.length === 0) return;
  const existing = await connections.findExisting(
    organization,
    named.map(({ id }) => id),
  );
  const unknown = named.filter(({ id }) => !existing.has(id));
  if (unknown.length === 0) return;
  throw new Refusal(
    'unknown_connection',
    `Your organization has no connection ${unknown.map(({ id }) => id).join(', ')}.`,
    'Connect the calendar first, or omit it.',
    unknown.map(({ pointer }) => pointer),
  );
};
