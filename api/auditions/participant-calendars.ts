/** Checks the connections that requested participants name, and resolves their calendars. */
import type { Connections } from '../../db/connections/repository.ts';
import {
  type RequestedCalendars,
  type ResolvedCalendars,
  resolveCalendars,
} from '../../domain/audition/participant-calendars.ts';
import { Refusal } from '../../domain/errors.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';

interface Resolving {
  readonly connections: Pick<Connections, 'findChoices' | 'findOwners'>;
  readonly organization: OrganizationId;
  /** Returns the JSON pointer of a participant in the request. Default: an item of `/participants`. */
  readonly pointerOf?: (index: number) => string;
  /** Whether the request was accepted before. It is not refused any more. */
  readonly wasAccepted?: boolean;
}

interface Identified {
  readonly id: string;
}

type Resolved<Requested extends RequestedCalendars> = Omit<Requested, keyof RequestedCalendars> &
  ResolvedCalendars;

/**
 * Returns the participants with the ids of their calendars, and with the calendars that count as busy besides. The account of
 * a person is used for that person only: its owner has consented to nothing else. Accounts of the organization are used for all.
 * @throws {Refusal} `unknown_connection`, `calendar_not_chosen`
 */
export const resolveParticipantCalendars = async <Requested extends RequestedCalendars & Identified>(
  participants: readonly Requested[],
  {
    connections,
    organization,
    pointerOf = (index) => `/participants/${index}`,
    wasAccepted = false,
  }: Resolving,
): Promise<readonly Resolved<Requested>[]> => {
  const named = participants.flatMap((participant, index) => connectionsOf(participant, pointerOf(index)));
  const ids = [...new Set(named.map(({ id }) => id))];
  const [choices, owners] = await Promise.all([
    connections.findChoices(organization, ids),
    connections.findOwners(organization, ids),
  ]);
  if (!wasAccepted) {
    refuseUnknown(named.filter(({ id }) => !choices.has(id)));
    refuseForeign(named.filter(({ id, participant }) => (owners.get(id) ?? participant) !== participant));
  }
  return participants.map((participant, index) => {
    const { calendar: _calendar, busyCalendars: _busyCalendars, ...others } = participant;
    const { calendar, busyCalendars } = resolveCalendars(participant, choices);
    if (calendar && calendar.calendarId === undefined && !wasAccepted) {
      throw notChosen(calendar.connection, `${pointerOf(index)}/calendar/calendarId`);
    }
    return {
      ...others,
      ...(calendar ? { calendar: { ...calendar, calendarId: calendar.calendarId ?? 'primary' } } : {}),
      ...(busyCalendars ? { busyCalendars } : {}),
    };
  });
};

interface NamedConnection {
  readonly id: ConnectionId;
  readonly pointer: string;
  readonly participant: string;
}

const connectionsOf = (
  { id: participant, calendar, busyCalendars = [] }: RequestedCalendars & Identified,
  pointer: string,
): readonly NamedConnection[] => [
  ...(calendar ? [{ id: calendar.connection, participant, pointer: `${pointer}/calendar/connection` }] : []),
  ...busyCalendars.map(({ connection }, index) => ({
    id: connection,
    participant,
    pointer: `${pointer}/busyCalendars/${index}/connection`,
  })),
];

const refuseUnknown = (unknown: readonly NamedConnection[]): void => {
  if (unknown.length === 0) return;
  throw new Refusal(
    'unknown_connection',
    `Your organization has no connection ${unknown.map(({ id }) => id).join(', ')}.`,
    'Connect the calendar first, or omit it.',
    unknown.map(({ pointer }) => pointer),
  );
};

const refuseForeign = (foreign: readonly NamedConnection[]): void => {
  if (foreign.length === 0) return;
  throw new Refusal(
    'unknown_connection',
    `The owner of ${foreign.map(({ id }) => id).join(', ')} is another person than the participant.`,
    "Name a connection whose owner is the participant's id, or one of your organization, which has no owner.",
    foreign.map(({ pointer }) => pointer),
  );
};

const notChosen = (connection: ConnectionId, pointer: string): Refusal =>
  new Refusal(
    'calendar_not_chosen',
    `The account of ${connection} has no main calendar, and its owner has not chosen one.`,
    `Name a calendarId, or choose with PUT /v1/connections/${connection}/calendars.`,
    [pointer],
  );
