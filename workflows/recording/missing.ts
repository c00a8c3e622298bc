/** What an operator reads about a recording that cannot be stored. */
import type { MissingReason } from '../../domain/recordings/recording.ts';

/** A copy that the provider refuses to remove. */
export const copyTexts: Explanation = {
  what: 'The recording is stored, and its copy at the provider could not be removed as the policy of the organization asks for.',
  hint: 'Read the failure of the activity removeAtProvider: scopes of the app or the consent, or a setting of the account that forbids deletions. Correct it and retry, or remove the copy by hand and skip.',
};

export interface Explanation {
  readonly what: string;
  readonly hint: string;
}

/** Returns what has happened and what to do about it. */
export const missingTexts: Readonly<Record<MissingReason, Explanation>> = {
  never_made: {
    what: 'The session was to be recorded, and the provider has no recording of it.',
    hint: 'Ask the host whether the recording was started, and look at the account of the provider. Then retry or skip.',
  },
  not_listed: {
    what: 'The session was to be recorded, and the provider lists no recording of it. It lists finished recordings only, so this one can be unfinished.',
    hint: 'Look into the chat of the meeting. When a recording was started and could not be uploaded to OneDrive, Teams offers it there for 21 days: free space in the OneDrive of the organizer and upload it, or download it. When it appears, it is stored and this item disappears. When none was started, skip.',
  },
  in_trash: {
    what: 'The recording was moved to the trash of the provider before it was stored.',
    hint: 'Recover it there, then retry. Zoom keeps it for 30 days.',
  },
  still_processing: {
    what: 'The provider has not finished the recording within the time that the organization allows.',
    hint: 'Look at the status page of the provider. Retry waits again as long.',
  },
  empty: {
    what: 'The provider has a recording whose files all have 0 bytes.',
    hint: 'Ask the support of the provider, then retry or skip.',
  },
  not_playable: {
    what: 'The provider has a recording without a video or a sound: these files have 0 bytes or are missing, and only others, such as the chat, could be stored.',
    hint: 'Open the recording in the account of the provider. When it plays there, retry. Otherwise ask the support of the provider, or skip: what is stored is kept for the retention.',
  },
  transfer_failed: {
    what: 'The recording exists, and its files could not be stored for a day.',
    hint: 'Read the failure of the activity storeFile: storage full, access refused, or the provider down. Then retry.',
  },
  unreadable: {
    what: 'The provider does not answer the question for its recordings.',
    hint: 'Look at the health page and at the scopes of the app (docs/integrations/). Then retry.',
  },
  scope_missing: {
    what: 'The account of the host has not allowed this service to read its recordings, so they cannot be stored.',
    hint: 'Let the owner connect the account again and allow recordings. For the account of the service, add the scopes of docs/integrations/zoom.md to the app. Then retry.',
  },
  not_served: {
    what: 'The provider serves no recordings of this meeting to applications, although the session may be recorded.',
    hint: 'Ask the host to download the recording from the account of the provider. Then skip.',
  },
};
