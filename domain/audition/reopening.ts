/** Decides whether a closed audition can be reopened, and for what. Imports no schemas: the workflow can use it. */
import { Refusal } from '../errors.ts';
import { toEpochMs, toInstant } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import type { AuditionOutcome } from './states.ts';
import type { AuditionView } from './view.ts';

/**
 * `decision`: the session took place, and the decision is open again. `session`: the audition is scheduled again.
 */
type ReopenTarget = 'decision' | 'session';

/** What each outcome can be reopened for. A session that was cancelled did not take place. */
const targetsOf: Readonly<Record<AuditionOutcome, readonly ReopenTarget[]>> = {
  booked: ['decision'],
  released: ['decision', 'session'],
  callback: ['decision'],
  no_show: ['decision', 'session'],
  declined: ['session'],
  cancelled: ['session'],
  failed: ['session'],
};

/** Returns the refusal for an audition whose details are no longer stored, or whose period has passed. */
export const reopenExpired = (message: string): Refusal =>
  new Refusal('reopen_expired', message, 'Request a new audition.');

/**
 * Returns why the audition cannot be reopened; undefined when it can.
 * @param reopenWithin milliseconds after the closing, from the policy of the audition
 */
export const reopeningRefusal = (
  { state, stateSince, outcome }: Pick<AuditionView, 'state' | 'stateSince' | 'outcome'>,
  to: ReopenTarget,
  { reopenWithin, now }: { readonly reopenWithin: number; readonly now: Instant },
): Refusal | undefined => {
  if (state !== 'closed' || !outcome) return notClosed(state);
  const targets = targetsOf[outcome];
  if (!targets.includes(to)) {
    return new Refusal(
      'outcome_not_reopenable',
      `An audition that was closed as ${outcome} cannot be reopened for a ${to}.`,
      to === 'session'
        ? 'Reopen it for a decision. The decision for a callback starts another session.'
        : 'No session took place. Reopen it for a session.',
      ['/to'],
    );
  }
  const until = toEpochMs(stateSince) + reopenWithin;
  if (toEpochMs(now) <= until) return undefined;
  return reopenExpired(`The audition could be reopened until ${toInstant(until)}.`);
};

/** Returns the refusal for an audition that is not closed. */
export const notClosed = (state: AuditionView['state']): Refusal =>
  new Refusal(
    'wrong_state',
    `'reopen' is not possible while the audition is '${state}'.`,
    'Only a closed audition can be reopened; send a command to the open one instead.',
  );
