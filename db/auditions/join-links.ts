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
import { auditionViewSchema } from './view-schema.ts';

/** Without a participant, it is the link of the audition, which calendar events contain. */
export interface JoinLinkRequest {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly participant?: ParticipantId | undefined;
  /** The language of the participant, if the caller knows it. */
  readonly locale?: string | undefined;
}

export interface StoredJoinLink {
  readonly id: string;
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly participant: ParticipantId | undefined;
  readonly locale: string | undefined;
}

interface FoundJoinLink {
  readonly link: StoredJoinLink;
  /** The audition, as the read model shows it. */
  readonly view: AuditionView;
  /** The participant's own address of the present meeting, when the provider has registered the participant. */
  readonly registrantUrl: string | undefined;
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
  /** Returns a link that is not revoked, with its audition. Runs one statement for any id. */
  find(id: string): Promise<FoundJoinLink | undefined>;
  /** Records that a person went to the meeting with the link. */
  recordUse(id: string, use: JoinUse): Promise<void>;
  /** Returns the links of an audition with their last uses. */
  list(organization: OrganizationId, auditionId: AuditionId): Promise<readonly JoinLinkRecord[]>;
  /** Revokes a link of the audition, with an administrative act. Returns false when there is no valid one with this id. */
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
export const createJoinLinks = (db: Database): JoinLinks => {
  const readIssued = async (auditions: readonly AuditionId[]): Promise<readonly Issued[]> => {
    const { id, auditionId, participant, generation, locale, revokedAt } = joinLinks;
    const rows = await db
      .select({ id, auditionId, participant, generation, locale, revokedAt })
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
    const rows = requests.map(({ organization, auditionId, participant, locale }) => {
      const earlier = issued.filter((link) => ownerKey(link) === ownerKey({ auditionId, participant }));
      const generation = Math.max(0, ...earlier.map((link) => link.generation)) + 1;
      return {
        id: ids.of({ auditionId, participant, generation }),
        organization,
        auditionId,
        participant,
        generation,
        locale,
      };
    });
    await db.insert(joinLinks).values(rows).onConflictDoNothing();
  };

  /** The API issues links without knowing the languages of the participants. */
  const learnLocales = async (
    requests: readonly JoinLinkRequest[],
    valid: ReadonlyMap<string, Issued>,
  ): Promise<void> => {
    for (const request of requests) {
      const link = valid.get(ownerKey(request));
      if (!link || request.locale === undefined || link.locale === request.locale) continue;
      await db.update(joinLinks).set({ locale: request.locale }).where(eq(joinLinks.id, link.id));
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
      await learnLocales(requests, valid);
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
          locale, view, meeting_registrants.join_url AS "registrantUrl"
        FROM join_links JOIN auditions ON auditions.id = join_links.audition_id
          LEFT JOIN meeting_registrants ON meeting_registrants.link = join_links.id
            AND meeting_registrants.meeting_id = auditions.view -> 'meeting' ->> 'id'
        WHERE join_links.id = ${id} AND revoked_at IS NULL
      `);
      const [row] = rows;
      if (!row) return undefined;
      const { view, registrantUrl, ...link } = foundSchema.parse(row);
      return { link, view, registrantUrl };
    },

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
        const [revoked] = await tx
          .update(joinLinks)
          .set({ revokedAt: sql`now()` })
          .where(
            and(
              eq(joinLinks.id, id),
              eq(joinLinks.organization, organization),
              eq(joinLinks.auditionId, auditionId),
              isNull(joinLinks.revokedAt),
            ),
          )
          .returning({ participant: joinLinks.participant });
        if (!revoked) return false;
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
