/** The folder of an operator that has the anchors of the audit trail. */
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { combineAnchors, readAnchor, type TrailAnchor, writeAnchor } from '../../../db/trail/anchors.ts';
import type { TrailCodes } from '../../../db/trail/trail-codes.ts';

/** The names sort by time. */
const nameOf = (at: string): string => `trail-${at.replaceAll(/[-:.]/g, '')}.jsonl`;
const isAnchor = (name: string): boolean => /^trail-\d{8}T\d{9}Z\.jsonl$/.test(name);

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return (await readdir(folder)).filter(isAnchor).toSorted();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
};

/**
 * Reads all anchors of the folder. A folder that does not exist has none.
 * @throws {AnchorNotAuthentic} when one was altered, or one between them is missing
 */
export const readAnchors = async (folder: string, codes: TrailCodes) => {
  const anchors: TrailAnchor[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    anchors.push(readAnchor(codes, await readFile(path, 'utf8'), path));
  }
  return combineAnchors(anchors);
};

/**
 * Stores an anchor under its time. Never overwrites a file, and a crash leaves no half anchor.
 * @throws the error of the file system
 */
export const storeAnchor = async (
  folder: string,
  codes: TrailCodes,
  anchor: Omit<TrailAnchor, 'code'>,
): Promise<{ readonly path: string; readonly code: string }> => {
  const { text, code } = writeAnchor(codes, anchor);
  const path = join(folder, nameOf(anchor.at));
  const unfinished = `${path}.unfinished`;
  await mkdir(folder, { recursive: true });
  await writeFile(unfinished, text, { flush: true });
  try {
    await link(unfinished, path);
  } finally {
    await rm(unfinished);
  }
  return { path, code };
};
