/** Reads the Prefer header (RFC 7240) of a request. */
import { GraphError } from './errors.ts';
import { zoneOf } from './event-time.ts';

export interface Preferences {
  /** The name of the zone in which times are sent. */
  readonly zone: string;
  readonly immutableIds: boolean;
  readonly body: 'text' | 'html';
  /** The most items in a page of a change query. */
  readonly pageSize: number | undefined;
  /** Whether values that were added to an enumeration later are sent, in place of `unknownFutureValue`. */
  readonly laterValues: boolean;
}

const valueOf = (header: string, name: string): string | undefined =>
  new RegExp(`(?:^|[,;])\\s*${name}\\s*=\\s*"([^"]*)"`, 'i').exec(header)?.[1];

const pageSizeOf = (header: string): number | undefined => {
  const [, size] = /(?:^|[,;])\s*odata\.maxpagesize\s*=\s*"?(\d{1,4})"?/i.exec(header) ?? [];
  return size === undefined ? undefined : Math.max(Number(size), 1);
};

/**
 * Returns the preferences.
 *
 * @throws {GraphError} a 400 for a zone that Microsoft does not know.
 */
export const readPreferences = (header: string | readonly string[] | undefined): Preferences => {
  const text = String(header ?? '');
  const zone = valueOf(text, 'outlook\\.timezone') ?? 'UTC';
  if (zoneOf(zone) === undefined) {
    throw new GraphError(
      400,
      'ErrorInvalidTimeZone',
      `The value '${zone}' is not a supported time zone identifier.`,
    );
  }
  return {
    zone,
    immutableIds: valueOf(text, 'IdType')?.toLowerCase() === 'immutableid',
    pageSize: pageSizeOf(text),
    laterValues: /(?:^|[,;])\s*include-unknown-enum-members\s*(?:[,;]|$)/i.test(text),
    body: valueOf(text, 'outlook\\.body-content-type') === 'text' ? 'text' : 'html',
  };
};
