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
export const messagesPerPage = 200;
export const pagesAtMost = 25;

/** How far back to look beyond the first attempt: generous, since it is measured by Twilio's clock and not by ours. */
export const lookBackMs = 6 * 3_600_000;
