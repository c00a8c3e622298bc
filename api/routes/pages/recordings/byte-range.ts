/** Reads the header Range of a request for a file (RFC 9110, section 14.2). */

export interface ByteRange {
  readonly start: number;
  /** Included. */
  readonly end: number;
}

/**
 * Returns the requested range, cut to the size of the file. Undefined: the whole file, also for what may be ignored: other
 * units, several ranges, and what cannot be read.
 */
export const byteRangeOf = (
  header: string | undefined,
  size: number,
): ByteRange | 'unsatisfiable' | undefined => {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
};
