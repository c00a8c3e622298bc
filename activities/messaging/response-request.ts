import type { ResponseLinkRequest } from '../../db/auditions/response-links.ts';
import type { SendNoticeInput } from '../contract.ts';

/** Returns what the link in a notice stands for, and what its page shows. */
export const responseRequestOf = ({
  recipient,
  audition: { project, role, revision },
  auditionId,
  organization,
  generation,
}: SendNoticeInput): ResponseLinkRequest => ({
  invitation: { organization, auditionId, participant: recipient.id, revision, generation },
  locale: recipient.locale,
  titles: { project: project.title, role: role.name },
});
