/** Looks up an audition of the caller's organization. Auditions of other organizations are reported as not found. */
import type { AuditionReadModel } from '../../db/auditions/read-model.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import type { AuditionWorkflows } from './audition-workflows.ts';

interface AuditionSources {
  readonly auditions: Pick<AuditionReadModel, 'get'>;
  readonly auditionWorkflows: Pick<AuditionWorkflows, 'queryRunningView'>;
}

/**
 * Returns the audition from the read model, or from its workflow when nothing is recorded yet. While a calendar does
 * not respond, minutes can pass between the 202 that names the audition and its first record.
 * @throws {Refusal} `audition_not_found`
 */
export const requireAudition = async (
  { auditions, auditionWorkflows }: AuditionSources,
  organization: OrganizationId,
  id: AuditionId,
): Promise<AuditionView> => {
  const view =
    (await auditions.get(organization, id)) ?? (await auditionWorkflows.queryRunningView(organization, id));
  if (view) return view;
  throw new Refusal(
    'audition_not_found',
    `There is no audition ${id} in your organization.`,
    'Check the ID; GET /v1/auditions lists your auditions.',
  );
};
