import type { Meeting } from '../audition/meeting.ts';
import type { MeetingProviderName } from './vendors.ts';

const names: Readonly<Record<MeetingProviderName, string>> = {
  zoom: 'Zoom',
  google_meet: 'Google Meet',
  microsoft_teams: 'Microsoft Teams',
};

/** Returns the name that people know. Undefined for a meeting that an operator has created: its provider is not known. */
export const meetingProviderName = (provider: Meeting['provider']): string | undefined =>
  provider === 'manual' ? undefined : names[provider];
