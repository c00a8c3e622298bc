/** Seals what the page of a link calls the audition. */
import { z } from 'zod';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import { auditionDataKey } from '../../domain/workflow-ids.ts';
import { NotAuthentic } from '../../foundation/encryption/aes-gcm.ts';
import type { Vault } from '../vault/envelope-encryption.ts';

/** A role can be named after a person. */
const linkTitlesSchema = z.object({
  project: z.string().describe('The title of the project'),
  role: z.string().describe('The name of the role'),
});
export type LinkTitles = z.infer<typeof linkTitlesSchema>;

interface TitledLink {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
}

interface SealedTitles {
  seal(link: TitledLink, titles: LinkTitles): Promise<string>;
  /** @throws the errors of `Vault.open` */
  open(link: TitledLink, sealed: string): Promise<LinkTitles>;
}

/**
 * Creates the sealing, under the data key of the audition. Earlier versions have sealed under a key of the organization.
 * @param kind separates the kinds of links: `join` or `response`
 */
export const createSealedTitles = (
  vault: Pick<Vault, 'seal' | 'open'>,
  kind: 'join' | 'response',
): SealedTitles => {
  const formerDataKeyOf = ({ organization }: TitledLink): string => `${kind}-links:${organization}`;
  const contextOf = ({ auditionId }: TitledLink): string => `${kind}_links.titles ${auditionId}`;
  const openText = async (link: TitledLink, sealed: string): Promise<string> => {
    try {
      return await vault.open(auditionDataKey(link.auditionId), sealed, contextOf(link));
    } catch (error) {
      if (!(error instanceof NotAuthentic)) throw error;
      return vault.open(formerDataKeyOf(link), sealed, contextOf(link));
    }
  };
  return {
    seal: (link, titles) =>
      vault.seal(
        auditionDataKey(link.auditionId),
        JSON.stringify(linkTitlesSchema.parse(titles)),
        contextOf(link),
      ),
    open: async (link, sealed) => linkTitlesSchema.parse(JSON.parse(await openText(link, sealed))),
  };
};
