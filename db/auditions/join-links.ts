/** Stores the join links of auditions and their uses. */
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { AuditionView } from '../../domain/audition/view.ts';
import {
  type AuditionId,
  auditionIdSchema,
  type OrganizationId,
  organizationIdSchema,
  type ParticipantId,
  participantIdSchema,
} from '../../domain/ids.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import type { JoinLinkIds } from '../../foundation/links/join-link.ts';
import { type Actor, createAdministrativeActs } from '../access/administrative-acts.ts';
import type { Database } from '../client.ts';
import { joinLinks, joinUses } from '../schema/join-links.ts';
import { createTrailTexts } from '../trail/trail-texts.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { createSealedTitles, type LinkTitles } from './link-titles.ts';
import { auditionViewSchema } from './view-schema.ts';

/** Without a participant, it is the link of the audition, which calendar events contain. */
export interface JoinLinkRequest {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly participant?: ParticipantId | undefined;
  /** The language of the participant, if the caller knows it. */
  readonly locale?: string | undefined;
  /** The titles, if the caller knows them. The first ones that are stored stay. */
  readonly titles?: LinkTitles | undefined;
}

export interface StoredJoinLink {
  readonly id: string;
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly participant: ParticipantId | undefined;
  readonly locale: string | undefined;
}

/** What the page of a link shows beside the audition. */
interface JoinPageDetails {
  /** The name of the organization. */
  readonly office: string | undefined;
  /** Those of the link, or of another link of the audition. */
  readonly sealedTitles: string | undefined;
}

/** `network` distinguishes networks within the audition. */
interface JoinUse {
  readonly at: Instant;
  readonly revision: number;
  readonly device: string;
  readonly network: string;
}

interface JoinLinkRecord {
  readonly id: string;
  readonly participant: ParticipantId | undefined;
  readonly createdAt: Instant;
  readonly revokedAt: Instant | undefined;
  /** The last uses, the latest first. */
  readonly uses: readonly JoinUse[];
}

export interface JoinLinks {
  /**
   * Returns the ids of the links, in the order of the requests. Stores those that do not exist. Idempotent: the same
   * participant of an audition keeps the link until it is revoked, also when the keys of the service change.
   * @param ids derives the id of a new link
   */
  issue(requests: readonly JoinLinkRequest[], ids: Pick<JoinLinkIds, 'of'>): Promise<readonly string[]>;
  /** Returns a link that is not revoked, with its audition as the read model shows it. Runs one statement for any id. */
  find(id: string): Promise<
    | {
        readonly link: StoredJoinLink;
        readonly view: AuditionView;
        /** The participant's own address of the present meeting, when the provider has registered the participant. */
        readonly registrantUrl: string | undefined;
        readonly details: JoinPageDetails;
      }
    | undefined
  >;
  /** Decrypts the titles of a link. @throws the errors of `Vault.open` */
  openTitles(
    link: Pick<StoredJoinLink, 'organization' | 'auditionId'>,
    details: Pick<JoinPageDetails, 'sealedTitles'>,
  ): Promise<LinkTitles | undefined>;
  /** Records that a person went to the meeting with the link. */
  recordUse(id: string, use: JoinUse): Promise<void>;
  /** Returns the links of an audition with their last uses. */
  list(organization: OrganizationId, auditionId: AuditionId): Promise<readonly JoinLinkRecord[]>;
  /**
   * Revokes a link of the audition, with an administrative act. Idempotent.
   * @returns whether the audition has the link, revoked now or before
   */
  revoke(link: Pick<StoredJoinLink, 'id' | 'organization' | 'auditionId'>, actor: Actor): Promise<boolean>;
}

/** The number of uses of a link that are listed. */
const listedUses = 50;

const ownerKey = ({ auditionId, participant }: Pick<JoinLinkRequest, 'auditionId' | 'participant'>): string =>
  `${auditionId}\n${participant ?? ''}`;

const issuedSchema = z.object({
  id: z.string(),
  auditionId: auditionIdSchema,
  participant: participantIdSchema.nullable().transform((id) => id ?? undefined),
  generation: z.int(),
  locale: z.string().nullable(),
  hasTitles: z.boolean(),
  revokedAt: instantSchema.nullable(),
});
type Issued = z.infer<typeof issuedSchema>;

const foundSchema = z.object({
  id: z.string(),
  organization: organizationIdSchema,
  auditionId: auditionIdSchema,
  participant: participantIdSchema.nullable().transform((id) => id ?? undefined),
  locale: z
    .string()
    .nullable()
    .transform((locale) => locale ?? undefined),
  office: z
    .string()
    .nullable()
    .transform((name) => name ?? undefined),
  sealedTitles: z
    .string()
    .nullable()
    .transform((sealed) => sealed ?? undefined),
  view: auditionViewSchema,
  registrantUrl: z
    .string()
    .nullable()
    .transform((url) => url ?? undefined),
});

const listedSchema = z.object({
  id: z.string(),
  participant: participantIdSchema.nullable().transform((id) => id ?? undefined),
  createdAt: instantSchema,
  revokedAt: instantSchema.nullable().transform((at) => at ?? undefined),
  uses: z.array(z.object({ at: instantSchema, revision: z.int(), device: z.string(), network: z.string() })),
});

const validOf = (issued: readonly Issued[]): ReadonlyMap<string, Issued> =>
  new Map(issued.filter(({ revokedAt }) => revokedAt === null).map((link) => [ownerKey(link), link]));

/** Creates the repository. */
export const createJoinLinks = (db: Database, vault: Pick<Vault, 'seal' | 'open'>): JoinLinks => {
  const texts = createTrailTexts(vault);
  const sealedTitles = createSealedTitles(vault, 'join');
  const sealTitles = async (request: JoinLinkRequest): Promise<string | undefined> =>
    request.titles && sealedTitles.seal(request, request.titles);

  const readIssued = async (auditions: readonly AuditionId[]): Promise<readonly Issued[]> => {
    const { id, auditionId, participant, generation, locale, sealedTitles, revokedAt } = joinLinks;
    const hasTitles = sql<boolean>`${sealedTitles} IS NOT NULL`;
    const rows = await db
      .select({ id, auditionId, participant, generation, locale, hasTitles, revokedAt })
      .from(joinLinks)
      .where(inArray(auditionId, [...new Set(auditions)]));
    return rows.map((row) => issuedSchema.parse(row));
  };

  /** A caller that issues the same link simultaneously stores the same row. */
  const store = async (
    requests: readonly JoinLinkRequest[],
    issued: readonly Issued[],
    ids: Pick<JoinLinkIds, 'of'>,
  ): Promise<void> => {
    const rows = await Promise.all(
      requests.map(async (request) => {
        const { organization, auditionId, participant, locale } = request;
        const earlier = issued.filter((link) => ownerKey(link) === ownerKey({ auditionId, participant }));
        const generation = Math.max(0, ...earlier.map((link) => link.generation)) + 1;
        return {
          id: ids.of({ auditionId, participant, generation }),
          organization,
          auditionId,
          participant,
          generation,
          locale,
          sealedTitles: await sealTitles(request),
        };
      }),
    );
    await db.insert(joinLinks).values(rows).onConflictDoNothing();
  };

  /** The API issues links without knowing the languages of the participants, and the titles. */
  const learn = async (
    requests: readonly JoinLinkRequest[],
    valid: ReadonlyMap<string, Issued>,
  ): Promise<void> => {
    for (const request of requests) {
      const link = valid.get(ownerKey(request));
      if (!link) continue;
      const locale = link.locale === request.locale ? undefined : request.locale;
      const sealedTitles = link.hasTitles ? undefined : await sealTitles(request);
      if (locale === undefined && sealedTitles === undefined) continue;
      await db.update(joinLinks).set({ locale, sealedTitles }).where(eq(joinLinks.id, link.id));
    }
  };

  return {
    async issue(requests, ids) {
      if (requests.length === 0) return [];
      const auditions = requests.map(({ auditionId }) => auditionId);
      let issued = await readIssued(auditions);
      let valid = validOf(issued);
      const missing = [
        ...new Map(
          requests
            .filter((request) => !valid.has(ownerKey(request)))
            .map((request) => [ownerKey(request), request]),
        ).values(),
      ];
      if (missing.length > 0) {
        await store(missing, issued, ids);
        issued = await readIssued(auditions);
        valid = validOf(issued);
      }
      await learn(requests, valid);
      return requests.map((request) => {
        const link = valid.get(ownerKey(request));
        // Revoked between the two statements. The link is dead, as the operator has asked.
        if (!link) return ids.of({ ...request, generation: 1 });
        return link.id;
      });
    },

    async find(id) {
      const { rows } = await db.execute(sql`
        SELECT join_links.id, join_links.organization, join_links.audition_id AS "auditionId", join_links.participant,
          locale, view, meeting_registrants.join_url AS "registrantUrl",
          organizations.name AS office,
          coalesce(sealed_titles, (
            SELECT other.sealed_titles FROM join_links AS other
            WHERE other.audition_id = join_links.audition_id AND other.sealed_titles IS NOT NULL LIMIT 1
          )) AS "sealedTitles"
        FROM join_links JOIN auditions ON auditions.id = join_links.audition_id
          LEFT JOIN meeting_registrants ON meeting_registrants.link = join_links.id
            AND meeting_registrants.meeting_id = auditions.view -> 'meeting' ->> 'id'
          LEFT JOIN organizations ON organizations.id = join_links.organization
        WHERE join_links.id = ${id} AND revoked_at IS NULL
      `);
      const [row] = rows;
      if (!row) return undefined;
      const { view, registrantUrl, office, sealedTitles, ...link } = foundSchema.parse(row);
      return { link, view: await texts.openView(view), registrantUrl, details: { office, sealedTitles } };
    },

    openTitles: async (link, details) =>
      details.sealedTitles === undefined ? undefined : sealedTitles.open(link, details.sealedTitles),

    async recordUse(id, use) {
      await db.insert(joinUses).values({ link: id, ...use });
    },

    async list(organization, auditionId) {
      const { rows } = await db.execute(sql`
        SELECT id, participant,
          to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "createdAt",
          to_char(revoked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "revokedAt",
          coalesce((
            SELECT json_agg(json_build_object(
              'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
              'revision', revision, 'device', device, 'network', network) ORDER BY last_uses.id DESC)
            FROM (SELECT * FROM join_uses WHERE link = join_links.id ORDER BY id DESC LIMIT ${listedUses}) AS last_uses
          ), '[]'::json) AS uses
        FROM join_links
        WHERE organization = ${organization} AND audition_id = ${auditionId}
        ORDER BY participant NULLS LAST, generation
      `);
      return rows.map((row) => listedSchema.parse(row));
    },

    revoke: ({ id, organization, auditionId }, actor) =>
      db.transaction(async (tx) => {
        const isLink = and(
          eq(joinLinks.id, id),
          eq(joinLinks.organization, organization),
          eq(joinLinks.auditionId, auditionId),
        );
        const [revoked] = await tx
          .update(joinLinks)
          .set({ revokedAt: sql`now()` })
          .where(and(isLink, isNull(joinLinks.revokedAt)))
          .returning({ participant: joinLinks.participant });
        if (!revoked) return (await tx.select({ id: joinLinks.id }).from(joinLinks).where(isLink)).length > 0;
        // Not the id of the link: acts are read by people who must not be able to use it.
        const target = `${auditionId} ${revoked.participant ?? 'audition'}`;
        await createAdministrativeActs(tx).record({
          organization,
          ...actor,
          act: 'join_link.revoked',
          target,
        });
        return true;
      }),
  };
};
