/** Finds an audition of the caller's organization; another organization's does not exist. */
import type { AuditionReadModel } from '../../db/repositories.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';

/** Throws `Refusal` (`audition_not_found`). */
export const auditionOf = async (
  auditions: Pick<AuditionReadModel, 'get'>,
  organization: OrganizationId,
  id: AuditionId,
): Promise<AuditionView> => {
  const view = await auditions.get(organization, id);
  if (view) return view;
  throw new Refusal(
    'audition_not_found',
    `There is no audition ${id} in your organization.`,
    'Check the id; GET /v1/auditions lists the auditions you have.',
  );
};
