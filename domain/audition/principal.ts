/**
 * Names who has caused a fact: an API key by its id, a token by its subject, a participant, a provider, a command of an operator,
 * or this service. Never a secret.
 */
import type { ParticipantId } from '../ids.ts';

/** What this service does on its own: deadlines, reminders, retries, and what follows from other facts. */
export const systemPrincipal = 'system';

/** A participant who has used a personal link, or has answered in a calendar or by email. */
export const participantPrincipal = (participant: ParticipantId): string => `participant:${participant}`;

/** A provider that has reported something. */
export const providerPrincipal = (provider: string): string => `provider:${provider}`;

/** An operator at the command line, who uses no API key. @param program the command, such as `ops auditions undo` */
export const commandPrincipal = (program: string): string => `command:${program}`;

/** What has caused a fact. */
export interface FactSource {
  /** Absent: that of the audition's request. */
  readonly correlationId?: string | undefined;
  /** Absent: this service itself. */
  readonly principal?: string | undefined;
}
