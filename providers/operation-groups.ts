/**
 * Lists the groups of operations. The operations of a group use the same part of a vendor, and fail together. Each group of each
 * vendor has a circuit of its own: an outage of one group does not stop another. It holds only data, because workflows import it.
 */
interface GroupFacts {
  /** What the calls are about, after "calls for". Shown on the health page. */
  readonly about: string;
  /** Why no circuit counts the outcomes of the calls. Undefined: a circuit does. */
  readonly noCircuitBecause?: string;
}

export const operationGroups = {
  meetings: { about: 'meetings' },
  registrants: { about: 'registered participants' },
  attendance: { about: 'attendance reports' },
  recordings: { about: 'recordings' },
  recording_settings: { about: 'settings of recordings' },
  users: { about: 'users' },
  texts: { about: 'sending texts' },
  text_lookups: { about: 'the status of texts' },
  emails: { about: 'sending emails' },
  calendar_reads: { about: 'busy times' },
  calendar_changes: { about: 'changes in calendars' },
  calendar_lists: { about: 'lists of calendars' },
  calendar_writes: { about: 'writing events' },
  watches: { about: 'subscriptions to changes' },
  rooms: { about: 'lists of rooms' },
  access: {
    about: 'access to accounts',
    noCircuitBecause: 'A person waits for the answer, or the call that needs the token counts its outcome.',
  },
  downloads: {
    about: 'downloads',
    noCircuitBecause: 'The files come from other servers than the API.',
  },
  feeds: {
    about: 'feeds',
    noCircuitBecause: 'Each feed has a server of its own: one that is down says nothing about the others.',
  },
  journal: { about: 'sent emails', noCircuitBecause: 'It is a table of ours, and not the mail server.' },
  files: { about: 'files', noCircuitBecause: 'The storage has no fallback, and its calls are few and long.' },
  unsupported: {
    about: 'nothing',
    noCircuitBecause: 'The vendor has no such operation, and gets no request.',
  },
  health: { about: 'health', noCircuitBecause: 'A health check asks also while calls are held back.' },
} as const satisfies Readonly<Record<string, GroupFacts>>;

export type OperationGroup = keyof typeof operationGroups;

/** Returns whether the text names a group. */
export const isOperationGroup = (name: string): name is OperationGroup =>
  Object.hasOwn(operationGroups, name);

/** Returns whether the outcomes of the group's calls open and close a circuit. */
export const hasCircuit = (group: OperationGroup): boolean => {
  const facts: GroupFacts = operationGroups[group];
  return facts.noCircuitBecause === undefined;
};
