/**
 * Implements `MeetingRegistrants` for Zoom:
 * https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/meetings/{meetingId}/registrants
 *
 * Zoom knows a registrant by the email address. It need not be the address of the person
 * (https://developers.zoom.us/docs/isv/workflows/join-meeting-reg/), and ours is not: each registration has another one. So
 * two people with one address are two registrants, and a person who is registered again after a cancellation is a new one.
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { cutText } from '../../domain/text-length.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { operationOf } from '../operations.ts';
import type { CallContext, HostAccount, MeetingRegistrants } from '../ports.ts';
import type { ZoomClient } from './client.ts';
import { createZoomExchange } from './exchange.ts';
import { registrantScopes } from './settings.ts';

const findOperation = operationOf('zoom', 'registrants.find');
const addOperation = operationOf('zoom', 'registrants.add');
const cancelOperation = operationOf('zoom', 'registrants.cancel');

/** https://zoom.github.io/rivet-javascript/types/Meetings.MeetingsListMeetingRegistrantsResponse.html */
const pageSchema = z.object({
  registrants: z
    .array(
      z.object({
        id: z.string().describe('The id of the registrant'),
        email: z.string().describe('The address of the registration'),
        join_url: z.url().nullish().describe('Leads into the meeting, as this registrant'),
      }),
    )
    .nullish()
    .describe('The registrants of this page'),
  next_page_token: z.string().nullish().describe('Empty on the last page'),
});

const addedSchema = z.object({
  registrant_id: z.string().describe('The id of the registrant'),
  join_url: z.url().describe('Leads into the meeting, as this registrant'),
});

/** The longest `first_name`. */
const maxNameLength = 64;

/** Creates the registrants. Every method throws `ProviderError`. */
export const createZoomRegistrants = (client: ZoomClient): MeetingRegistrants => {
  const exchange = createZoomExchange(client);

  async function* listRegistrants(host: HostAccount, meetingId: string, call: CallContext) {
    requireScopes(findOperation, host);
    const list = { path: pathOf(meetingId), query: { status: 'approved' }, what: 'registrants' };
    for await (const { registrants } of exchange.readPages(findOperation, host, list, pageSchema, call)) {
      yield* registrants ?? [];
    }
  }

  return {
    name: 'zoom',
    find: async (host, meetingId, reference, call) => {
      const found = [];
      try {
        for await (const { id, email, join_url: joinUrl } of listRegistrants(host, meetingId, call)) {
          if (joinUrl && email.toLowerCase().startsWith(`${reference}@`)) found.push({ id, joinUrl });
        }
      } catch (error) {
        if (!isGone(error)) throw error;
      }
      return found;
    },
    add: async (host, meetingId, { reference, domain, name }, call) => {
      requireScopes(addOperation, host);
      const body = {
        email: `${reference}@${domain}`,
        // The name is one text here. Zoom shows the first and the last name together.
        first_name: cutText(name, maxNameLength),
        auto_approve: true,
      };
      const request = { method: 'POST', path: pathOf(meetingId), body } as const;
      const { registrant_id: id, join_url: joinUrl } = await exchange.send(
        addOperation,
        host,
        request,
        addedSchema,
        call,
      );
      return { id, joinUrl };
    },
    cancel: async (host, meetingId, registrantId, call) => {
      requireScopes(cancelOperation, host);
      const body = { action: 'cancel', registrants: [{ id: registrantId }] };
      try {
        await client.send(
          cancelOperation,
          host,
          { method: 'PUT', path: `${pathOf(meetingId)}/status`, body },
          call,
        );
        return 'deleted';
      } catch (error) {
        if (isGone(error)) return 'absent';
        throw error;
      }
    },
  };
};

/** Returns whether the consent of a connected host covers registrants. The scopes of the service's own app are not known. */
export const mayRegister = (host: HostAccount): boolean =>
  host.kind === 'service' ||
  host.connection.scopes === undefined ||
  registrantScopes.every((scope) => host.connection.scopes?.includes(scope));

/**
 * Zoom's answer would mark the whole connection, whose meetings need none of these scopes.
 *
 * @throws {ProviderError} `reconnect` for a connected host whose consent does not cover registrants
 */
const requireScopes = ({ provider, name }: ProviderOperation, host: HostAccount): void => {
  if (mayRegister(host)) return;
  throw new ProviderError(
    provider,
    name,
    { kind: 'reconnect' },
    {
      code: 'registrant_scopes_missing',
      message: `the consent does not cover registrants (${registrantScopes.join(', ')}): connect the account again and allow them`,
    },
    host.kind === 'connected' ? { connection: host.connection.id } : {},
  );
};

const pathOf = (meetingId: string): string => `/meetings/${encodeURIComponent(meetingId)}/registrants`;

/** The meeting or the registrant does not exist, or the meeting has no registration. */
const isGone = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'not_found';
