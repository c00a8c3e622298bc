/** Translates provider faults that occur while the API reads a calendar for a request. */
import { isTransient, ProviderError, Refusal } from '../../domain/errors.ts';
import { temporarilyUnavailable } from './outages.ts';

const calendarUnreadable = (at: readonly string[]): Refusal =>
  new Refusal(
    'unknown_connection',
    'A calendar cannot be read with its connection.',
    'Reconnect the calendar, check its calendarId, or omit it.',
    at,
  );

/**
 * Returns the refusal for a provider's fault. Returns undefined for other errors, and for faults that only the operator
 * of this service can fix.
 * @param at JSON pointers of the calendar in the request
 */
export const providerRefusal = (error: unknown, at: readonly string[] = []): Refusal | undefined => {
  if (!(error instanceof ProviderError)) return undefined;
  const { fault } = error;
  if (isTransient(fault)) return temporarilyUnavailable();
  switch (fault.kind) {
    case 'reconnect':
    case 'not_permitted':
    case 'not_found':
    case 'rejected_input':
      return calendarUnreadable(at);
    case 'misconfigured':
    case 'conflict':
      return undefined;
  }
};
