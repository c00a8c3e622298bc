/** The states, outcomes and rounds of an audition. Whether it needs an operator is a flag beside the state. */

export const auditionStates = [
  'requested',
  'holding',
  'scheduling',
  'scheduled',
  'confirmed',
  'in_progress',
  'awaiting_decision',
  'closed',
] as const;

export type AuditionState = (typeof auditionStates)[number];

/** How an audition ended. Only `closed` has an outcome. */
export const auditionOutcomes = [
  'callback',
  'booked',
  'released',
  'declined',
  'no_show',
  'cancelled',
  'failed',
] as const;

export type AuditionOutcome = (typeof auditionOutcomes)[number];

export const auditionRounds = ['first', 'callback', 'chemistry_read', 'screen_test'] as const;
export type AuditionRound = (typeof auditionRounds)[number];
