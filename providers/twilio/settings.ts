/** Defines the settings, environment variables, deadlines and page sizes of Twilio. */
import { z } from 'zod';
import { sandboxAddress } from '../../foundation/configuration/defaults.ts';
import type { VariableGroup } from '../../foundation/configuration/variable-group.ts';
import { notEmpty, variableMetadata, webAddress } from '../../foundation/configuration/variable-types.ts';

export interface TwilioSettings {
  /** Replaces https://api.twilio.com; origin only. */
  readonly apiUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
  readonly messagingServiceSid: string;
}

export const twilioDeadlineMs = 10_000;

/** The pages that are searched for an earlier attempt's message to one number, newest first. */
export const messagesPerPage = 200;
export const maxPages = 25;

/** How far the search goes back before the first attempt. Long, because Twilio's clock can differ from ours. */
export const lookBackMs = 6 * 3_600_000;

/**
 * How far before the first attempt a message without a text can be that of the attempt. Shorter: with redaction, every earlier
 * message to the number has no text.
 */
export const redactedLookBackMs = 10 * 60_000;

export const twilioVariables = {
  shape: {
    TWILIO_API_URL: webAddress().register(variableMetadata, {
      group: 'Twilio',
      about: 'The Twilio API.',
      form: 'an address such as https://api.twilio.com',
    }),
    TWILIO_ACCOUNT_SID: z
      .string()
      .regex(/^AC[0-9a-fA-F]{32}$/)
      .register(variableMetadata, {
        group: 'Twilio',
        about: 'The account messages are sent from.',
        form: '"AC" and 32 hexadecimal digits, as shown in the Twilio console',
      }),
    TWILIO_AUTH_TOKEN: notEmpty().register(variableMetadata, {
      group: 'Twilio',
      about: 'The account’s auth token; it also signs Twilio’s webhooks.',
      form: 'the auth token shown in the Twilio console',
      secret: true,
    }),
    TWILIO_PREVIOUS_AUTH_TOKEN: notEmpty().optional().register(variableMetadata, {
      group: 'Twilio',
      about: 'The previous auth token, whose signatures are still accepted during a rotation.',
      form: 'the auth token that was replaced',
      secret: true,
    }),
    TWILIO_MESSAGING_SERVICE_SID: z
      .string()
      .regex(/^MG[0-9a-fA-F]{32}$/)
      .register(variableMetadata, {
        group: 'Twilio',
        about: 'The messaging service that picks the sender.',
        form: '"MG" and 32 hexadecimal digits, as shown in the Twilio console',
      }),
  },
  deployed: { TWILIO_API_URL: 'https://api.twilio.com' },
  local: {
    TWILIO_API_URL: sandboxAddress,
    TWILIO_ACCOUNT_SID: 'AC00000000000000000000000000005a5a',
    TWILIO_AUTH_TOKEN: 'sandbox-twilio-token',
    TWILIO_MESSAGING_SERVICE_SID: 'MG00000000000000000000000000005a5a',
  },
  credentials: [
    'TWILIO_ACCOUNT_SID',
    'TWILIO_AUTH_TOKEN',
    'TWILIO_PREVIOUS_AUTH_TOKEN',
    'TWILIO_MESSAGING_SERVICE_SID',
  ],
  webAddresses: ['TWILIO_API_URL'],
} as const satisfies VariableGroup;

type Set = z.output<z.ZodObject<typeof twilioVariables.shape>>;

export interface TwilioConfiguration extends TwilioSettings {
  readonly previousAuthToken?: string | undefined;
}

/** Returns the settings from the parsed variables. */
export const twilioSettingsOf = (set: Set): TwilioConfiguration => ({
  apiUrl: set.TWILIO_API_URL,
  accountSid: set.TWILIO_ACCOUNT_SID,
  authToken: set.TWILIO_AUTH_TOKEN,
  previousAuthToken: set.TWILIO_PREVIOUS_AUTH_TOKEN,
  messagingServiceSid: set.TWILIO_MESSAGING_SERVICE_SID,
});
