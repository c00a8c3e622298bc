/** Opens the account that hosts a meeting, with which its recordings are read. */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { connectionIdSchema } from '../../domain/ids.ts';
import { isHostedMeeting, meetingVendors } from '../../domain/providers/vendors.ts';
import { operationOf } from '../../providers/operations.ts';
import type { HostAccount } from '../../providers/ports.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import type { RecordingCall } from '../contract.ts';
import { createMeetingHosts } from '../meetings/meeting-hosts.ts';
import type { RecordingDependencies } from './dependencies.ts';

/**
 * Returns the function that opens the host of a meeting, as the ledger has recorded it with the creation: the account of a
 * host, or that of the calendar in whose event the meeting is. Without a record, it is the default host of the service, or the
 * account of the latest calendar.
 *
 * @throws {ProviderError} `reconnect` when the account of the host is not connected any more.
 */
export const createRecordingHosts = (dependencies: RecordingDependencies) => {
  const { repositories, accessTokens } = dependencies;
  const { ledger, connections } = repositories;

  return async (input: RecordingCall): Promise<HostAccount> => {
    const { organization, auditionId, provider, meetingId } = input;
    const { vendor } = meetingVendors[provider];
    const operation = operationOf(vendor, 'recordings.list');
    // Of a meeting that was removed, too: its recordings stay.
    const created = (await ledger.createdMeetings(auditionId)).filter(
      ({ target }) => target.provider === provider,
    );
    if (isHostedMeeting(provider)) {
      const host = created.findLast(({ providerId }) => providerId === meetingId)?.target.host;
      return createMeetingHosts(dependencies, provider).open(organization, host, operation);
    }
    const inCalendars = created.flatMap(({ target: { calendar }, result }) =>
      calendar ? [{ connection: calendar.connection, result }] : [],
    );
    // The id in the ledger is that of the event. A move can have given the event another conference.
    const moved = await ledger.othersLike({ auditionId, provider: vendor, operation: 'meetings.move' });
    const account =
      inCalendars.findLast(({ result }) => conferenceIn(result)?.id === meetingId)?.connection ??
      moved.map(({ result }) => conferenceIn(result)).find((conference) => conference?.id === meetingId)
        ?.connection ??
      inCalendars.at(-1)?.connection;
    if (!account) throw withoutCalendar(vendor, operation.name);
    const connection = await openConnectionById(
      { connections, accessTokens },
      organization,
      { provider: vendor, connection: account },
      operation.name,
    );
    return { kind: 'connected', connection };
  };
};

/** What the steps of a meeting in a calendar store. Moves of earlier versions have no connection. */
const conferenceSchema = z.object({
  id: z.string().describe('The id of the conference'),
  connection: connectionIdSchema.optional().describe('The account of the calendar'),
});

const conferenceIn = (result: unknown): z.output<typeof conferenceSchema> | undefined =>
  conferenceSchema.safeParse(result).data;

const withoutCalendar = (vendor: ProviderError['provider'], operation: string): ProviderError =>
  new ProviderError(
    vendor,
    operation,
    { kind: 'not_found' },
    { code: 'no_host', message: 'it is not recorded in which calendar the meeting was created' },
  );
