/**
 * The notices that announce a slot, or a change of it. An email with one of them can contain the calendar entry. They
 * have a file of their own because workflows use them: the schemas of `events.ts` would bring zod into their bundle.
 */
import type { NoticeKind } from './events.ts';

export const announcements = ['invitation', 'update'] as const satisfies readonly NoticeKind[];
export type Announcement = (typeof announcements)[number];

export const isAnnouncement = (notice: NoticeKind): notice is Announcement =>
  announcements.some((kind) => kind === notice);
