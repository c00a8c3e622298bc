/** Reads and writes values of CalDAV requests. */
import { z } from 'zod';

/** The XML namespaces of requests. */
export const namespaces = {
  'xmlns:d': 'DAV:',
  'xmlns:c': 'urn:ietf:params:xml:ns:caldav',
} as const;

/** A text in an answer. `tsdav` reads some texts as numbers. */
export const textValue = z.union([
  z.string(),
  z.number().transform(String),
  z.object({ _cdata: z.string() }).transform(({ _cdata }) => _cdata),
]);

/** Whether the href is that of the calendar itself. */
export const isSame = (href: string | undefined, url: string): boolean =>
  href !== undefined &&
  new URL(href, url).pathname.replace(/\/$/, '') === new URL(url).pathname.replace(/\/$/, '');

/** Returns `20261201T090000Z`. */
export const digitsOf = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
