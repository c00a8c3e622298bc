/** Tells accounts of the organization from others. */

/** Returns whether the account belongs to the Workspace organization, whose rooms are shared with its members only. */
export const isMember = (account: string): boolean => !/@(gmail|googlemail)\.com$/i.test(account);
