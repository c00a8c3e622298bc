/** Seals what the page of a link calls the audition. */
import { z } from 'zod';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import type { Vault } from '../vault/envelope-encryption.ts';

/** Neither names a person. */
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

/** @param kind separates the data keys of the kinds of links: `join` or `response` */
export const createSealedTitles = (
  vault: Pick<Vault, 'seal' | 'open'>,
  kind: 'join' | 'response',
): SealedTitles => {
  const dataKeyOf = ({ organization }: TitledLink): string => `${kind}-links:${organization}`;
  const contextOf = ({ auditionId }: TitledLink): string => `${kind}_links.titles ${auditionId}`;
  return {
    seal: (link, titles) =>
      vault.seal(dataKeyOf(link), JSON.stringify(linkTitlesSchema.parse(titles)), contextOf(link)),
    open: async (link, sealed) =>
      linkTitlesSchema.parse(JSON.parse(await vault.open(dataKeyOf(link), sealed, contextOf(link)))),
  };
};
