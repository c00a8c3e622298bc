/** Checks the connected account that a request names as the host of its meeting. */
import type { Connections } from '../../db/connections/repository.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { Refusal } from '../../domain/errors.ts';
import { isHostedMeeting, meetingVendors } from '../../domain/providers/vendors.ts';
import { checkOwnerTakesPart } from './connection-owner.ts';

const pointers = ['/meeting/host'];

/**
 * Checks that the organization has the connection, that its owner takes part in the audition, and that one of the audition's providers
 * can use it.
 *
 * @throws {Refusal} `unknown_connection` or `invalid_body`
 */
export const checkMeetingHost = async (
  connections: Pick<Connections, 'get'>,
  { organization, meetingHost, meetingProviders, participants }: AuditionPlan,
): Promise<void> => {
  if (meetingHost?.kind !== 'connection') return;
  const connection = await connections.get(organization, meetingHost.connection);
  if (!connection || connection.status === 'disconnected') {
    throw new Refusal(
      'unknown_connection',
      `Your organization has no connection ${meetingHost.connection}.`,
      'Connect the account first, or omit the host.',
      pointers,
    );
  }
  checkOwnerTakesPart(connection, participants, pointers);
  const isUsable = meetingProviders.some(
    (name) => isHostedMeeting(name) && meetingVendors[name].vendor === connection.provider,
  );
  if (isUsable) return;
  throw new Refusal(
    'invalid_body',
    `The host is an account at ${connection.provider}, where none of the meeting providers of the audition creates its meetings.`,
    'Name an account of one of the providers, or add its provider to meeting.providers.',
    [...pointers, '/meeting/providers'],
  );
};
