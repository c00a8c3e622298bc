/** What a provider's fault means to somebody who waits for an answer, while a calendar is being read. */
import { isTransient, ProviderError, Refusal } from '../../domain/errors.ts';
import { temporarilyUnavailable } from './outages.ts';

const calendarUnreadable = (at: readonly string[]): Refusal =>
  new Refusal(
    'unknown_connection',
    'One of the calendars cannot be read with the connection it is named with.',
    'Connect the calendar again, check its calendarId, or leave it out.',
    at,
  );

/**
 * Undefined for what is no provider's fault, and for what only we can put right. `at` are the JSON pointers of the
 * calendar that was being read.
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
