/** Defines the settings, environment variables and limits of Apple and other CalDAV servers. */
import type { z } from 'zod';
import { day } from '../../domain/time/units.ts';
import { sandboxAddress } from '../../foundation/configuration/defaults.ts';
import type { VariableGroup } from '../../foundation/configuration/variable-group.ts';
import { variableMetadata, webAddress } from '../../foundation/configuration/variable-types.ts';

export interface AppleSettings {
  /** The server of a person who names none. */
  readonly caldavUrl: string;
}

/** The deadline of all requests of one discovery. A person waits for it. */
export const discoveryDeadlineMs = 15_000;

/** The largest answer of a discovery that is read, in bytes. A CalDAV server sends less. */
export const largestAnswer = 1_000_000;

/** The deadline of one request to a calendar. All requests of one attempt of an activity have 8 s. */
export const requestDeadlineMs = 8_000;

/**
 * The deadline of a page of changes. Servers that keep a file for each event read all of them for the first answer. The
 * activity has two minutes.
 */
export const pageDeadlineMs = 35_000;

/** The largest answer with events that is read, in bytes: about 10,000 events. */
export const largestEventsAnswer = 16_000_000;

/** The most busy times of one calendar in one window, and the most events that are requested together. */
export const maxBusyTimes = 50_000;
export const eventsPerRequest = 100;

/** The most resources and the most occurrences of one page of changes. One resource can exceed the second limit. */
export const resourcesPerPage = 50;
export const occurrencesPerPage = 5_000;

/** The most names of resources that a process keeps between the pages of its listings. */
export const maxKeptNames = 400_000;

/** The most past or damaged resources that a cursor remembers: eight bytes each. */
export const maxRememberedResources = 60_000;

/**
 * How far ahead series are listed, and how long such a list is used. Afterwards all events are listed again, so that the
 * window moves on: at least 370 days ahead are known.
 */
export const seriesWindowMs = 400 * day;
export const seriesListMs = 30 * day;

export const appleVariables = {
  shape: {
    APPLE_CALDAV_URL: webAddress().register(variableMetadata, {
      group: 'Apple',
      about: 'The CalDAV server for people who name none.',
      form: 'an address such as https://caldav.icloud.com',
    }),
  },
  deployed: { APPLE_CALDAV_URL: 'https://caldav.icloud.com' },
  local: { APPLE_CALDAV_URL: sandboxAddress },
  webAddresses: ['APPLE_CALDAV_URL'],
} as const satisfies VariableGroup;

type Set = z.output<z.ZodObject<typeof appleVariables.shape>>;

/** Returns the settings from the parsed variables. */
export const appleSettingsOf = (set: Set): AppleSettings => ({ caldavUrl: set.APPLE_CALDAV_URL });
