/** The summary of an audition's workflow, as the list of workflows and the page of one show it. */
import type { AuditionPlan } from './plan.ts';

/**
 * Returns what the audition is about, in words. It names the production and the part, and no person. The state is not in it,
 * because a summary is set once: the current details of the workflow have both.
 */
export const summaryOf = ({
  project,
  role,
  round,
}: Pick<AuditionPlan, 'project' | 'role' | 'round'>): string =>
  `${project.title}, ${role.name}: ${round.replaceAll('_', ' ')}${round === 'first' ? ' round' : ''}`;
