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

/** Whether the href is that of the calendar itself, however it is escaped. */
export const isSame = (href: string | undefined, url: string): boolean =>
  href !== undefined && pathOf(new URL(href, url)) === pathOf(new URL(url));

const pathOf = ({ pathname }: URL): string => {
  const path = pathname.replace(/\/$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

/**
 * Whether the answer says that the list is cut off (RFC 4791, section 7.8; RFC 6578, section 3.6). A server that has redirected
 * the request names the calendar by its other path.
 */
export const isCutOff = (
  { status, href }: { readonly status: number; readonly href?: string },
  url: string,
) => status === 507 && (isSame(href, url) || href?.endsWith('/') === true);

/** Returns `20261201T090000Z`. */
export const digitsOf = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
