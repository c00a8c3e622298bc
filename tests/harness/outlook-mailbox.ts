/** Changes the main calendar of an Outlook mailbox at a running sandbox, as its owner does with Outlook. */
import { DateTime } from 'luxon';
import { z } from 'zod';
import type { Sandbox } from '../../infra/sandbox/sandbox.ts';
import type { ChangingZone } from './clock-changes.ts';

/** In a zone, the time is local, as Outlook writes it. */
const timeOf = (epochMs: number, local: ChangingZone | undefined) =>
  local
    ? {
        dateTime: DateTime.fromMillis(epochMs, { zone: local.zone }).toFormat("yyyy-MM-dd'T'HH:mm:ss"),
        timeZone: local.windowsZone,
      }
    : { dateTime: new Date(epochMs).toISOString().slice(0, -1), timeZone: 'UTC' };

/** Sends a request to the mailbox of an account, as its owner does. Returns the answer. */
const callMailbox = async (
  sandboxUrl: string,
  account: string,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
): Promise<unknown> => {
  const answer = await fetch(`${sandboxUrl}/common/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: `sandbox-refresh-${account}`,
      client_id: 'sandbox-microsoft-client',
      client_secret: 'sandbox-microsoft-secret',
    }),
  });
  const { access_token: token } = z.looseObject({ access_token: z.string() }).parse(await answer.json());
  const response = await fetch(`${sandboxUrl}/v1.0/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`the sandbox answered ${response.status}: ${await response.text()}`);
  return response.status === 204 ? undefined : response.json();
};

const idSchema = z.looseObject({ id: z.string() });
const listSchema = z.object({ value: z.array(z.object({ id: z.string(), name: z.string() })) });

/** Lets an account share a calendar with another, which accepts it. Returns its id in the mailbox of the other account. */
export const shareCalendar = async (
  sandbox: Sandbox,
  { owner, account, name }: { readonly owner: string; readonly account: string; readonly name?: string },
) => {
  const created =
    name === undefined ? undefined : await callMailbox(sandbox.url, owner, 'POST', 'me/calendars', { name });
  const id = created === undefined ? sandbox.control.openMailbox(owner) : idSchema.parse(created).id;
  const permissions = `me/calendars/${id}/calendarPermissions`;
  await callMailbox(sandbox.url, owner, 'POST', permissions, {
    emailAddress: { address: account },
    role: 'freeBusyRead',
  });
  const { value } = listSchema.parse(await callMailbox(sandbox.url, account, 'GET', 'me/calendars'));
  const shown = name ?? owner.split('@')[0];
  const calendarId = value.find((calendar) => calendar.name === shown)?.id ?? '';
  const setRole = (role: 'freeBusyRead' | 'read') =>
    callMailbox(sandbox.url, owner, 'PATCH', `${permissions}/${account}`, { role });
  return { calendarId, setRole };
};

/** Returns the mailbox of an account. */
export const connectToMailbox = (sandbox: Sandbox, account: string) => {
  const send = async (method: 'PATCH' | 'DELETE', eventId: string, body?: object): Promise<void> => {
    await callMailbox(sandbox.url, account, method, `me/calendar/events/${eventId}`, body);
  };
  const events = () =>
    sandbox.control
      .state()
      .microsoft.calendars.filter(({ owner }) => owner === account)
      .flatMap((calendar) => calendar.events);
  return {
    /** The events that the owner sees. */
    shown: () => events().filter(({ deleted }) => !deleted),
    /** Returns when an event begins, epoch milliseconds. Undefined when it does not exist or was deleted. */
    startOf: (eventId: string): number | undefined => {
      const event = events().find(({ immutableId, deleted }) => immutableId === eventId && !deleted);
      return event && Date.parse(`${event.start.dateTime}Z`);
    },
    move: (eventId: string, start: number, end: number, local?: ChangingZone) =>
      send('PATCH', eventId, { start: timeOf(start, local), end: timeOf(end, local) }),
    /** Moves an event of a calendar that is not the default one. */
    moveIn: (calendarId: string, eventId: string, start: number, end: number) =>
      callMailbox(sandbox.url, account, 'PATCH', `me/calendars/${calendarId}/events/${eventId}`, {
        start: timeOf(start, undefined),
        end: timeOf(end, undefined),
      }),
    remove: (eventId: string) => send('DELETE', eventId),
    /** Adds a calendar of the owner and returns its id. */
    addCalendar: async (name: string) =>
      idSchema.parse(await callMailbox(sandbox.url, account, 'POST', 'me/calendars', { name })).id,
    /** Lets a subscription end an hour earlier than it can, as if it had been opened an hour ago. */
    ageSubscription: async (id: string) => {
      const expirationDateTime = new Date(Date.now() + (10_080 - 60) * 60_000).toISOString();
      await callMailbox(sandbox.url, account, 'PATCH', `subscriptions/${id}`, { expirationDateTime });
    },
    retitle: (eventId: string, subject: string) => send('PATCH', eventId, { subject }),
  };
};
