/** The UID of an audition in the iCalendar objects that this service sends and publishes (RFC 5545, section 3.8.4.7). */
import { type AuditionId, auditionIdSchema } from '../ids.ts';

const domain = '@castmatch';

/** Returns the UID. Invitation and subscription feed have the same one, so a calendar program can merge them. */
export const invitationUidOf = (id: AuditionId): string => `${id}${domain}`;

/** Returns the audition whose UID it is; undefined for any other UID. */
export const auditionOfInvitation = (uid: string): AuditionId | undefined =>
  uid.endsWith(domain) ? auditionIdSchema.safeParse(uid.slice(0, -domain.length)).data : undefined;
