/** Which command is welcome in which state. Free of schemas, so that the workflow's validators can read it. */
import type { AuditionCommandName } from './commands.ts';
import type { AuditionState } from './states.ts';

export const commandStates: Readonly<Record<AuditionCommandName, readonly AuditionState[]>> = {
  respond: ['scheduling', 'scheduled', 'confirmed'],
  reschedule: ['scheduled', 'confirmed'],
  cancel: [
    'requested',
    'holding',
    'scheduling',
    'scheduled',
    'confirmed',
    'in_progress',
    'awaiting_decision',
  ],
  'check-in': ['scheduled', 'confirmed', 'in_progress'],
  decide: ['awaiting_decision'],
};

export const isWelcome = (command: AuditionCommandName, state: AuditionState): boolean =>
  commandStates[command].includes(state);
