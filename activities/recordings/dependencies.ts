/** The dependencies of the recording activities. */
import type { Organizations } from '../../db/access/organizations.ts';
import type { Connections } from '../../db/connections/repository.ts';
import type { OperationLedger } from '../../db/ledger/operations.ts';
import type { MeetingPreferences } from '../../db/meetings/meeting-preferences.ts';
import type { RecordingAttention } from '../../db/recordings/recording-attention.ts';
import type { RecordingPolicies } from '../../db/recordings/recording-policies.ts';
import type { Recordings } from '../../db/recordings/recordings.ts';
import type { EventStore } from '../../db/trail/event-store.ts';
import type { AccessTokens } from '../../providers/oauth/access-tokens.ts';
import type { Providers } from '../../providers/ports.ts';
import type { RecordingAttentionInput } from '../contract.ts';

export interface RecordingDependencies {
  readonly repositories: {
    readonly ledger: OperationLedger;
    readonly organizations: Organizations;
    readonly connections: Connections;
    readonly meetingPreferences: Pick<MeetingPreferences, 'get'>;
    readonly events: Pick<EventStore, 'append'>;
    readonly recordings: Recordings;
    readonly recordingPolicies: Pick<RecordingPolicies, 'get'>;
    readonly recordingAttention: RecordingAttention;
  };
  readonly providers: Providers;
  readonly accessTokens: Pick<AccessTokens, 'forConnection'>;
  /** Reports an attention item to those who watch the logs. */
  readonly reportAttention: (
    about: Pick<RecordingAttentionInput, 'organization' | 'auditionId' | 'item'>,
  ) => void;
}
