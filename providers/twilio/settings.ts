/** Twilio's facts. */

export interface TwilioSettings {
  /** Replaces https://api.twilio.com; origin only. */
  readonly apiUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
  readonly messagingServiceSid: string;
}

export const twilioDeadlineMs = 10_000;

/** Messages to one number that are looked through for an earlier attempt, newest first. */
export const messagesLookedThrough = 200;

/** How far Twilio's clock and ours may be apart. */
export const clockSkewMs = 60_000;
