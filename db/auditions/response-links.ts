/** Stores the links in invitations. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { auditionIdSchema, organizationIdSchema, participantIdSchema } from '../../domain/ids.ts';
import type { Invitation, ResponseLinkIds } from '../../foundation/links/response-link.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import { responseLinks } from '../schema/response-links.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { createSealedTitles, type LinkTitles } from './link-titles.ts';

export interface ResponseLinkRequest {
  readonly invitation: Invitation;
  /** The language of the participant. */
  readonly locale: string;
  /** What the page calls the audition. */
  readonly titles: LinkTitles;
}

/** What the page of a link shows, besides the invitation. */
export interface StoredInvitation {
  readonly invitation: Invitation;
  readonly locale: string;
  readonly sealedTitles: string;
}

export interface ResponseLinks {
  /**
   * Returns the id of the link. Stores the link if it does not exist. Idempotent: an invitation gets the same link until the
   * key of the service changes; the earlier link then stays valid too. A later request can change the language.
   * @param ids derives the id
   */
  issue(request: ResponseLinkRequest, ids: ResponseLinkIds): Promise<string>;
  /** Runs one statement for any id. */
  find(id: string): Promise<StoredInvitation | undefined>;
  /** Decrypts the titles of a link. @throws the errors of `Vault.open` */
  openTitles(link: Pick<StoredInvitation, 'invitation' | 'sealedTitles'>): Promise<LinkTitles>;
}

const foundSchema = z.object({
  organization: organizationIdSchema,
  auditionId: auditionIdSchema,
  participant: participantIdSchema,
  revision: z.int(),
  generation: z.int(),
  locale: z.string(),
  sealedTitles: z.string(),
});

/** Creates the repository. */
export const createResponseLinks = (db: Database, vault: Pick<Vault, 'seal' | 'open'>): ResponseLinks => {
  const sealed = createSealedTitles(vault, 'response');
  return {
    async issue({ invitation, locale, titles }, ids) {
      const { organization, auditionId, participant, revision, generation = 0 } = invitation;
      const sealedTitles = await sealed.seal(invitation, titles);
      // An id has 96 bits: its digest needs no salt.
      const id = ids.of(invitation);
      await db
        .insert(responseLinks)
        .values({
          digest: sha256(id),
          organization,
          auditionId,
          participant,
          revision,
          generation,
          locale,
          sealedTitles,
        })
        .onConflictDoUpdate({ target: responseLinks.digest, set: { locale } });
      return id;
    },

    async find(id) {
      const { rows } = await db.execute(sql`
      SELECT organization, audition_id AS "auditionId", participant, revision, generation, locale,
        sealed_titles AS "sealedTitles"
      FROM response_links WHERE digest = ${sha256(id)}
    `);
      const [row] = rows;
      if (!row) return undefined;
      const { generation, locale, sealedTitles, ...invitation } = foundSchema.parse(row);
      return {
        invitation: generation === 0 ? invitation : { ...invitation, generation },
        locale,
        sealedTitles,
      };
    },

    openTitles: ({ invitation, sealedTitles }) => sealed.open(invitation, sealedTitles),
  };
};
