/** Apple's facts, and those of every other CalDAV server that an account may be on. */
import type { z } from 'zod';
import { sandboxAddress } from '../../foundation/configuration/defaults.ts';
import type { VariableGroup } from '../../foundation/configuration/variable-group.ts';
import { variableMetadata, webAddress } from '../../foundation/configuration/variable-types.ts';

export interface AppleSettings {
  /** Taken where a person names no server. */
  readonly caldavUrl: string;
}

/** All requests of one discovery; a person waits for it. */
export const discoveryDeadlineMs = 15_000;

/** More than any answer of a discovery holds: whoever sends more is no CalDAV server. */
export const largestAnswer = 1_000_000;

export const appleVariables = {
  shape: {
    APPLE_CALDAV_URL: webAddress().register(variableMetadata, {
      group: 'Apple',
      about: 'The CalDAV server that is taken where a person names none.',
      form: 'an address such as https://caldav.icloud.com',
    }),
  },
  deployed: { APPLE_CALDAV_URL: 'https://caldav.icloud.com' },
  local: { APPLE_CALDAV_URL: sandboxAddress },
  webAddresses: ['APPLE_CALDAV_URL'],
} as const satisfies VariableGroup;

type Set = z.output<z.ZodObject<typeof appleVariables.shape>>;

export const appleSettingsOf = (set: Set): AppleSettings => ({ caldavUrl: set.APPLE_CALDAV_URL });
