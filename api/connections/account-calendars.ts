/** Reads and changes the choice of the calendars of a connected account. */
import type { Actor } from '../../db/access/administrative-acts.ts';
import type { Connection } from '../../db/connections/repository.ts';
import {
  type CalendarChoice,
  type CalendarInChoice,
  chooseCalendars,
  withChoice,
} from '../../domain/calendars/calendar-choice.ts';
import { ProviderError, Refusal } from '../../domain/errors.ts';
import type { ApiDependencies, ProviderCall } from '../dependencies.ts';
import { providerRefusal } from '../problems/provider-faults.ts';
import { connectionNotFound } from './require-connection.ts';

/** Maximum time to wait for the provider. */
const listTimeoutMs = 10_000;

/** Returns the context of a call that lists calendars or rooms. */
export const listingCall = (correlationId: string): ProviderCall => ({
  correlationId,
  signal: AbortSignal.timeout(listTimeoutMs),
});

type Parts = Pick<ApiDependencies, 'listCalendars' | 'repositories'>;

/** Returns the list of the account's calendars. @throws {Refusal} that says why they cannot be listed */
const requireList = async ({ listCalendars }: Parts, connection: Connection, call: ProviderCall) => {
  const { id, provider, status } = connection;
  if (status === 'disconnected') throw connectionNotFound(id);
  const listed = await listCalendars(connection, call).catch((error: unknown) => {
    throw listRefusal(error, connection) ?? error;
  });
  switch (listed.kind) {
    case 'listed':
      return listed;
    case 'scope_missing':
      throw new Refusal(
        'scope_missing',
        `The account has not consented to its calendars being listed: ${listed.scopes.join(' or ')}.`,
        `Let its owner reconnect: GET /v1/connections/${provider}/authorize?connection=${id}&scope=${encodeURIComponent(listed.scopes[0] ?? '')}.`,
      );
    case 'not_offered':
      throw new Refusal(
        'provider_not_offered',
        `An account at ${provider} has no calendars.`,
        'Name a connection to a calendar provider.',
      );
  }
};

const listRefusal = (error: unknown, { id, provider }: Connection): Refusal | undefined =>
  error instanceof ProviderError && ['reconnect', 'not_permitted'].includes(error.fault.kind)
    ? new Refusal(
        'unknown_connection',
        `The calendars of the account cannot be listed with its connection.`,
        `Let its owner reconnect: GET /v1/connections/${provider}/authorize?connection=${id}.`,
      )
    : providerRefusal(error);

/**
 * Returns the calendars of an account with what was chosen for them.
 * @throws {Refusal} `connection_not_found`, `provider_not_offered`, `scope_missing`, `unknown_connection`
 */
export const readAccountCalendars = async (
  parts: Parts,
  connection: Connection,
  call: ProviderCall,
): Promise<readonly CalendarInChoice[]> => {
  const [{ provider, calendars }, choice] = await Promise.all([
    requireList(parts, connection, call),
    parts.repositories.connections.getChoice(connection.organization, connection.id),
  ]);
  return withChoice(provider, calendars, choice);
};

/**
 * Changes the choice, and returns the calendars with it. Idempotent.
 * @throws {Refusal} those of `readAccountCalendars` and of `chooseCalendars`
 */
export const chooseAccountCalendars = async (
  parts: Parts,
  connection: Connection,
  wanted: Parameters<typeof chooseCalendars>[1],
  { actor, call }: { readonly actor: Actor; readonly call: ProviderCall },
): Promise<readonly CalendarInChoice[]> => {
  const { provider, calendars } = await requireList(parts, connection, call);
  const choice: CalendarChoice = chooseCalendars(calendars, wanted);
  const isStored = await parts.repositories.accounts.chooseCalendars(connection, actor, choice);
  if (!isStored) throw connectionNotFound(connection.id);
  return withChoice(provider, calendars, choice);
};
