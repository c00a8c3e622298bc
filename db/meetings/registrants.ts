/** Stores the registrations of participants at the providers of their meetings. */
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import {
  type AuditionId,
  auditionIdSchema,
  type ParticipantId,
  participantIdSchema,
} from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { meetingRegistrants } from '../schema/meeting-registrants.ts';

interface Registration {
  readonly auditionId: AuditionId;
  readonly meetingId: string;
  readonly participant: ParticipantId;
  /** The join link that leads to the registrant's address. */
  readonly link: string;
}

interface StoredRegistration {
  readonly link: string;
  /** Whether the provider has registered the participant. */
  readonly isComplete: boolean;
}

export interface Registrants {
  /** Returns the registrations of a meeting, with those that were begun. */
  of(auditionId: AuditionId, meetingId: string): Promise<readonly StoredRegistration[]>;
  /** Stores a registration that is about to be made. Idempotent. */
  begin(registration: Registration): Promise<void>;
  /** Stores what the provider has answered. Idempotent. */
  complete(
    registration: Pick<Registration, 'link' | 'meetingId'>,
    registrant: { readonly id: string; readonly joinUrl: string },
  ): Promise<void>;
  /** Deletes a registration that was cancelled. Idempotent. */
  remove(registration: Pick<Registration, 'link' | 'meetingId'>): Promise<void>;
  /** Returns the audition and the participant whom the provider names as the registrant of a meeting. */
  registrationOf(
    meetingId: string,
    registrantId: string,
  ): Promise<Pick<Registration, 'auditionId' | 'participant'> | undefined>;
  /** Returns whether a participant was, or may have been, registered for the link. */
  hasLink(link: string): Promise<boolean>;
}

const registrationRow = z.object({ auditionId: auditionIdSchema, participant: participantIdSchema });

const ofRegistration = ({ link, meetingId }: Pick<Registration, 'link' | 'meetingId'>) =>
  and(eq(meetingRegistrants.link, link), eq(meetingRegistrants.meetingId, meetingId));

/** Creates the repository. */
export const createRegistrants = (db: Database): Registrants => ({
  async of(auditionId, meetingId) {
    const rows = await db
      .select({ link: meetingRegistrants.link, registrantId: meetingRegistrants.registrantId })
      .from(meetingRegistrants)
      .where(and(eq(meetingRegistrants.auditionId, auditionId), eq(meetingRegistrants.meetingId, meetingId)));
    return rows.map(({ link, registrantId }) => ({ link, isComplete: registrantId !== null }));
  },

  async begin(registration) {
    await db.insert(meetingRegistrants).values(registration).onConflictDoNothing();
  },

  async complete(registration, { id, joinUrl }) {
    await db
      .update(meetingRegistrants)
      .set({ registrantId: id, joinUrl })
      .where(ofRegistration(registration));
  },

  async remove(registration) {
    await db.delete(meetingRegistrants).where(ofRegistration(registration));
  },

  async registrationOf(meetingId, registrantId) {
    const [row] = await db
      .select({ auditionId: meetingRegistrants.auditionId, participant: meetingRegistrants.participant })
      .from(meetingRegistrants)
      .where(
        and(eq(meetingRegistrants.meetingId, meetingId), eq(meetingRegistrants.registrantId, registrantId)),
      );
    return row && registrationRow.parse(row);
  },

  async hasLink(link) {
    const [row] = await db
      .select({ link: meetingRegistrants.link })
      .from(meetingRegistrants)
      .where(eq(meetingRegistrants.link, link))
      .limit(1);
    return row !== undefined;
  },
});
