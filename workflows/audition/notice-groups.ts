/** Groups notices, so that one activity sends several. */
import { largestNoticeGroup, textMessagesPerEmailGroup } from '../../activities/contract.ts';
import { inChunks } from './chunks.ts';
import type { OpenNotice } from './open-notices.ts';

/**
 * Returns the notices in groups, each for one activity. Text messages join the groups of emails as far as the rates permit:
 * an activity, and often a workflow task, are saved for each notice of an audition.
 */
export const groupsOf = (
  emails: readonly OpenNotice[],
  texts: readonly OpenNotice[],
): readonly (readonly OpenNotice[])[] => {
  const emailGroups = inChunks(emails, largestNoticeGroup - textMessagesPerEmailGroup);
  const joining = inChunks(
    texts.slice(0, emailGroups.length * textMessagesPerEmailGroup),
    textMessagesPerEmailGroup,
  );
  const left = texts.slice(emailGroups.length * textMessagesPerEmailGroup);
  return [
    ...emailGroups.map((group, index) => [...group, ...(joining[index] ?? [])]),
    ...inChunks(left, largestNoticeGroup),
  ];
};
