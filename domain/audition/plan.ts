/** The input of the audition workflow: a validated request with instants for times and a complete policy. */
import type { AuditionId, OrganizationId, ProjectId, RoleId } from '../ids.ts';
import type { MeetingProviderName } from '../providers/vendors.ts';
import type { ConflictRules } from './conflict-rules.ts';
import type { MeetingBackup } from './meeting-backup.ts';
import type { MeetingHost } from './meeting-host.ts';
import type { MeetingSettings } from './meeting-settings.ts';
import type { AuditionPolicy } from './policy.ts';
import type { Participant } from './request.ts';
import type { SlotSpec } from './slot.ts';
import type { AuditionRound } from './states.ts';

export interface AuditionPlan {
  readonly id: AuditionId;
  readonly organization: OrganizationId;
  readonly project: { readonly id: ProjectId; readonly title: string };
  readonly role: { readonly id: RoleId; readonly name: string };
  readonly round: AuditionRound;
  readonly wish: SlotSpec;
  readonly participants: readonly Participant[];
  /** Participants who were removed. Until everything is undone for them, they must be reachable. */
  readonly formerParticipants?: readonly Participant[] | undefined;
  /** In order of preference. Empty for an audition in person. */
  readonly meetingProviders: readonly MeetingProviderName[];
  /**
   * Whether participants get join links of this service instead of the link of the meeting. Absent in plans of earlier
   * versions, and without a meeting.
   */
  readonly joinLinks?: true | undefined;
  /** How the audition takes place when no provider can make its meeting. */
  readonly backup?: MeetingBackup | undefined;
  /** Undefined: the meeting has the settings of the host's account. */
  readonly meetingSettings?: MeetingSettings | undefined;
  /** The settings of each round, when the organization has templates of rounds. A callback takes those of its round. */
  readonly meetingSettingsOfRounds?: Readonly<Partial<Record<AuditionRound, MeetingSettings>>> | undefined;
  /** The host that the request prefers. */
  readonly meetingHost?: MeetingHost | undefined;
  /** Milliseconds before the start. */
  readonly reminders: readonly number[];
  readonly notes?: string | undefined;
  readonly policy: AuditionPolicy;
  /** Undefined in plans of earlier versions: the default rules. */
  readonly conflicts?: ConflictRules | undefined;
  /** Whether the caller who requested the audition may override conflicts of its first slot. */
  readonly mayOverrideConflicts?: boolean | undefined;
  readonly correlationId: string;
  /** Who has requested the audition: see `principal.ts`. Plans of earlier versions lack it. */
  readonly principal?: string | undefined;
  readonly previous?: AuditionId | undefined;
}

/** Returns the ids that every activity of the audition takes. */
export const correlatedIds = ({ id, organization, correlationId }: AuditionPlan) => ({
  auditionId: id,
  organization,
  correlationId,
});
