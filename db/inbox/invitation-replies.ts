/** Finds what an answer to an invitation by email is about. */
import { and, desc, eq, inArray, isNotNull, lte, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { AuditionFactType } from '../../domain/audition/events.ts';
import {
  type AuditionId,
  type OrganizationId,
  organizationIdSchema,
  type ParticipantId,
  participantIdSchema,
} from '../../domain/ids.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import type { AddressHashes } from '../auditions/address-hashes.ts';
import type { Database } from '../client.ts';
import { auditEvents } from '../schema/audit-events.ts';
import { deliveries } from '../schema/deliveries.ts';

/** A participant to whom an audition has sent email. */
interface EmailedParticipant {
  readonly organization: OrganizationId;
  readonly participant: ParticipantId;
  /** That of the person who takes part under the id now. */
  readonly generation: number | undefined;
  /** Returns whether the participant's emails went to this address. */
  isAddress(address: string): Promise<boolean>;
}

export interface InvitationReplies {
  /** Returns the participants to whom the audition has sent email. */
  emailedParticipants(auditionId: AuditionId): Promise<readonly EmailedParticipant[]>;
  /**
   * Returns the revision of the slot that the invitation has stated, or 0 when it cannot be known. The SEQUENCE of an
   * invitation is the number of the audition's last fact (docs/integrations/email.md). A program that omits it can only be
   * understood by the start.
   */
  revisionOf(
    auditionId: AuditionId,
    invitation: { readonly sequence: number | undefined; readonly start: Instant | undefined },
  ): Promise<number>;
}

/** The facts that state a slot and its revision. */
const slotFacts = [
  'slot_held',
  'slot_moved',
  'move_reverted',
  'reopened_for_session',
] as const satisfies readonly AuditionFactType[];

const emailedSchema = z.object({
  organization: organizationIdSchema,
  participant: participantIdSchema,
  generation: z
    .int()
    .nullable()
    .transform((generation) => generation ?? undefined),
  address: z.string(),
});

const slotFactSchema = z.object({ revision: z.int(), slot: z.object({ start: instantSchema }) });

/** Creates the lookups. They only read. */
export const createInvitationReplies = (db: Database, hashes: AddressHashes): InvitationReplies => ({
  async emailedParticipants(auditionId) {
    const { organization, participant, address } = deliveries;
    const generation = sql`(
      SELECT (member ->> 'generation')::int
      FROM auditions, jsonb_array_elements(auditions.view -> 'participants') AS member
      WHERE auditions.id = ${deliveries.auditionId} AND member ->> 'id' = ${participant}
    )`;
    const rows = await db
      .selectDistinct({ organization, participant, address, generation })
      .from(deliveries)
      .where(and(eq(deliveries.auditionId, auditionId), eq(deliveries.channel, 'email'), isNotNull(address)));
    const byParticipant = Map.groupBy(
      rows.map((row) => emailedSchema.parse(row)),
      (row) => row.participant,
    );
    return [...byParticipant].flatMap(([id, [first, ...others]]) =>
      first
        ? [
            {
              organization: first.organization,
              participant: id,
              generation: first.generation,
              isAddress: async (text: string) => {
                const forms = await hashes.formsOf(first.organization, text);
                return [first, ...others].some((row) => forms.includes(row.address));
              },
            },
          ]
        : [],
    );
  },

  async revisionOf(auditionId, { sequence, start }) {
    if (sequence === undefined && start === undefined) return 0;
    const rows = await db
      .select({ fact: auditEvents.fact })
      .from(auditEvents)
      .where(
        and(
          eq(auditEvents.auditionId, auditionId),
          inArray(auditEvents.type, [...slotFacts]),
          sequence === undefined
            ? sql`${auditEvents.fact} -> 'slot' ->> 'start' = ${start}`
            : lte(auditEvents.number, sequence),
        ),
      )
      .orderBy(desc(auditEvents.sequence))
      .limit(1);
    return rows.map(({ fact }) => slotFactSchema.parse(fact).revision)[0] ?? 0;
  },
});
