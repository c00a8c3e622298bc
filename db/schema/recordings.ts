import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import { fileKinds, fileStates, recordingStates } from '../../domain/recordings/recording.ts';
import { instant } from './columns.ts';

/** The recordings that providers have made of meetings. A deleted recording keeps its row, without its files. */
export const recordings = pgTable(
  'recordings',
  {
    id: text().primaryKey(),
    organization: text().notNull(),
    auditionId: text('audition_id').notNull(),
    provider: text().notNull(),
    meetingId: text('meeting_id').notNull(),
    /** The provider's id of this opening of the meeting: a meeting can be opened and recorded several times. */
    instance: text().notNull(),
    state: text({ enum: recordingStates }).notNull().default('processing'),
    startedAt: instant('started_at'),
    /** Milliseconds. */
    duration: integer(),
    foundAt: timestamp('found_at', { withTimezone: true }).notNull().defaultNow(),
    storedAt: instant('stored_at'),
    /** When the recording is deleted, unless it has a legal hold. In the state `processing`: an operator has skipped it. */
    retainUntil: instant('retain_until'),
    /** `retention` or `request`. */
    deletionReason: text('deletion_reason'),
    /** Who has asked for the deletion, see `domain/audition/principal.ts`. */
    deletionPrincipal: text('deletion_principal'),
    deletedAt: instant('deleted_at'),
    /** What this service has done to the copy at the provider: `trash` or `delete`. */
    providerCopy: text('provider_copy'),
    /** When the removal of that copy had to wait for the end of a legal hold. Null: none waits. */
    copyHeldAt: instant('copy_held_at'),
    correlationId: text('correlation_id').notNull(),
  },
  (table) => [
    index('recordings_with_held_copy').on(table.copyHeldAt).where(sql`copy_held_at IS NOT NULL`),
    index('recordings_by_audition').on(table.auditionId),
    index('recordings_to_retain').on(table.retainUntil).where(sql`state IN ('stored', 'processing')`),
    index('recordings_to_delete').on(table.id).where(sql`state = 'deleting'`),
  ],
);

/** The files of a recording. */
export const recordingFiles = pgTable(
  'recording_files',
  {
    recording: text().notNull(),
    id: text().notNull(),
    kind: text({ enum: fileKinds }).notNull(),
    format: text().notNull(),
    state: text({ enum: fileStates }).notNull(),
    /** In bytes, as the provider says. */
    expectedSize: bigint('expected_size', { mode: 'number' }),
    /** The key in the storage. Null: not stored, or deleted. */
    storageKey: text('storage_key'),
    size: bigint({ mode: 'number' }),
    /** In hexadecimal digits. */
    sha256: text(),
    storedAt: instant('stored_at'),
  },
  (table) => [primaryKey({ columns: [table.recording, table.id] })],
);

/** Legal holds. The subject is a recording or an audition, with all of its recordings. */
export const recordingHolds = pgTable(
  'recording_holds',
  {
    subject: text().primaryKey(),
    organization: text().notNull(),
    /** Sealed by `db/recordings/hold-reasons.ts`, except for an organization and until an earlier version's are sealed. */
    reason: text().notNull(),
    placedBy: text('placed_by').notNull(),
    placedAt: timestamp('placed_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('recording_holds_by_organization').on(table.organization)],
);

/** Who has opened a file of a recording. A row is written before the first byte is sent. */
export const recordingAccesses = pgTable(
  'recording_accesses',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    organization: text().notNull(),
    recording: text().notNull(),
    file: text().notNull(),
    /** Whom the link was made for, as its creator says; the label of the key that created it otherwise. */
    principal: text().notNull(),
    /** The first byte that was requested. */
    firstByte: bigint('first_byte', { mode: 'number' }).notNull(),
    correlationId: text('correlation_id').notNull(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('recording_accesses_by_recording').on(table.recording, table.id)],
);

/** What an organization wants to happen to its recordings. No row: the defaults. */
export const recordingPolicies = pgTable('recording_policies', {
  organization: text().primaryKey(),
  policy: jsonb().notNull(),
});
