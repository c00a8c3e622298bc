/** A recording as this service has stored it. */
import type { AuditionId, OrganizationId, RecordingId } from '../ids.ts';
import type { RecordedMeetingName } from '../providers/vendors.ts';
import type { Instant } from '../time/instant.ts';
import type { FileKind, FileState, RecordingState } from './recording.ts';

export interface StoredFile {
  readonly id: string;
  readonly kind: FileKind;
  readonly format: string;
  readonly state: FileState;
  /** In bytes. Undefined until the file is stored. */
  readonly size?: number | undefined;
  readonly sha256?: string | undefined;
  readonly storedAt?: Instant | undefined;
  readonly storageKey?: string | undefined;
}

interface LegalHold {
  /** Whether the hold is on the recording, on its audition, or on all recordings of the organization. */
  readonly on: 'recording' | 'audition' | 'organization';
  readonly reason: string;
  readonly placedBy: string;
  readonly placedAt: Instant;
}

export interface StoredRecording {
  readonly id: RecordingId;
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly provider: RecordedMeetingName;
  readonly meetingId: string;
  /** The provider's id of this opening of the meeting. */
  readonly instance: string;
  readonly state: RecordingState;
  readonly startedAt?: Instant | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
  readonly storedAt?: Instant | undefined;
  readonly retainUntil?: Instant | undefined;
  readonly deletedAt?: Instant | undefined;
  /** What this service did with the copy at the provider. Undefined: nothing. */
  readonly providerCopy?: 'trash' | 'delete' | undefined;
  readonly holds: readonly LegalHold[];
  readonly files: readonly StoredFile[];
}
