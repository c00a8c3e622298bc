/** Stores the subscription feeds of participants, and finds the auditions that they contain. */
import { and, eq, sql } from 'drizzle-orm';
import { participantResource } from '../../domain/audition/slot-resources.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { OrganizationId, ParticipantId } from '../../domain/ids.ts';
import { type Actor, createAdministrativeActs } from '../access/administrative-acts.ts';
import type { Database } from '../client.ts';
import { auditions } from '../schema/auditions.ts';
import { participantFeeds } from '../schema/participant-feeds.ts';
import type { TrailTexts } from '../trail/trail-texts.ts';
import { nextFirst } from './slot-order.ts';
import { auditionViewSchema } from './view-schema.ts';

/** The owner of a feed: a participant of one organization. */
interface FeedOwner {
  readonly organization: OrganizationId;
  readonly participant: ParticipantId;
}

/** Each change and its administrative act are stored in one transaction. A call that changes nothing stores no act. */
export interface ParticipantFeeds {
  /** Creates the feed, unless it exists. Returns the generation of its address. */
  open(owner: FeedOwner, actor: Actor): Promise<number>;
  /** Invalidates the address, and returns the generation of the next one. Creates the feed when it does not exist. */
  rotate(owner: FeedOwner, actor: Actor): Promise<number>;
  /** Revokes the feed. Returns false when there is none. */
  revoke(owner: FeedOwner, actor: Actor): Promise<boolean>;
  /** Returns whether the address of this generation is valid. */
  isValid(owner: FeedOwner, generation: number): Promise<boolean>;
  /**
   * Returns the auditions of the participant whose slots begin after `days` days ago: the next ones from today on, then those
   * before it, the latest first.
   */
  listAuditions(owner: FeedOwner, days: number, limit: number): Promise<readonly AuditionView[]>;
}

const isOf = ({ organization, participant }: FeedOwner) =>
  and(eq(participantFeeds.organization, organization), eq(participantFeeds.participant, participant));

/** Makes an existing feed valid under another address. */
const nextGeneration = {
  target: [participantFeeds.organization, participantFeeds.participant],
  set: { generation: sql`${participantFeeds.generation} + 1`, isRevoked: false, changedAt: sql`now()` },
};

const recordAct = (tx: Database, act: string, { organization, participant }: FeedOwner, actor: Actor) =>
  createAdministrativeActs(tx).record({ organization, ...actor, act, target: participant });

/** Creates the repository of feeds. */
export const createParticipantFeeds = (db: Database, texts: TrailTexts): ParticipantFeeds => {
  return {
    open: (owner, actor) =>
      db.transaction(async (tx) => {
        const [opened] = await tx
          .insert(participantFeeds)
          .values(owner)
          .onConflictDoUpdate({ ...nextGeneration, setWhere: eq(participantFeeds.isRevoked, true) })
          .returning({ generation: participantFeeds.generation });
        if (opened) {
          await recordAct(tx, 'feed.created', owner, actor);
          return opened.generation;
        }
        const [existing] = await tx
          .select({ generation: participantFeeds.generation })
          .from(participantFeeds)
          .where(isOf(owner));
        return existing?.generation ?? 1;
      }),

    rotate: (owner, actor) =>
      db.transaction(async (tx) => {
        const [rotated] = await tx
          .insert(participantFeeds)
          .values(owner)
          .onConflictDoUpdate(nextGeneration)
          .returning({ generation: participantFeeds.generation });
        await recordAct(tx, 'feed.rotated', owner, actor);
        return rotated?.generation ?? 1;
      }),

    revoke: (owner, actor) =>
      db.transaction(async (tx) => {
        const [revoked] = await tx
          .update(participantFeeds)
          .set({ isRevoked: true, changedAt: sql`now()` })
          .where(and(isOf(owner), eq(participantFeeds.isRevoked, false)))
          .returning({ generation: participantFeeds.generation });
        if (revoked) await recordAct(tx, 'feed.revoked', owner, actor);
        return revoked !== undefined;
      }),

    async isValid(owner, generation) {
      const [row] = await db
        .select({ generation: participantFeeds.generation })
        .from(participantFeeds)
        .where(and(isOf(owner), eq(participantFeeds.isRevoked, false)));
      return row?.generation === generation;
    },

    async listAuditions({ organization, participant }, days, limit) {
      const rows = await db
        .select({ view: auditions.view })
        .from(auditions)
        .where(
          and(
            eq(auditions.organization, organization),
            sql`${auditions.scheduledFor} > now() - ${days} * interval '1 day'`,
            // A cancelled audition holds no slot any more; the participant was notified of it.
            sql`${auditions.id} IN (
              SELECT audition_id FROM slot_holds
              WHERE scope = ${organization} AND resource = ${participantResource(participant)}
              UNION
              SELECT audition_id FROM deliveries
              WHERE organization = ${organization} AND participant = ${participant}
            )`,
          ),
        )
        // The order stays the same for a day.
        .orderBy(...nextFirst(sql`date_trunc('day', now(), 'UTC')`), auditions.id)
        .limit(limit);
      return Promise.all(rows.map(({ view }) => texts.openView(auditionViewSchema.parse(view))));
    },
  };
};
