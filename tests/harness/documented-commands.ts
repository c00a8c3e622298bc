/** Reads the commands of the documents: their blocks of shell code, cut into commands as a shell reads them. */
import { spawnSync } from 'node:child_process';
import { fencedBlocks } from './fenced-blocks.ts';

export interface DocumentedBlock {
  readonly document: string;
  /** The number of the block's first line, from 1. */
  readonly line: number;
  readonly commands: readonly string[];
  /** Why tests do not run it: the text of the comment `<!-- not run: … -->` above the block. */
  readonly notRunBecause?: string | undefined;
}

/** Whether the text is complete: no open quotes and no continued line. */
const isComplete = (text: string): boolean =>
  !text.endsWith('\\') && spawnSync('bash', ['-n', '-c', text]).status === 0;

/** Returns the commands of a block without its comments and empty lines. */
const commandsIn = (block: string): readonly string[] => {
  const commands: string[] = [];
  let open = '';
  for (const line of block.split('\n').map((each) => each.trim())) {
    if (open === '' && (line === '' || line.startsWith('#'))) continue;
    open = open === '' ? line : `${open}\n${line}`;
    if (!isComplete(open)) continue;
    commands.push(open);
    open = '';
  }
  if (open !== '') throw new Error(`the command is not complete: ${open}`);
  return commands;
};

/** Returns the blocks of all documents, in the order of the documents. */
export const documentedBlocks = (): readonly DocumentedBlock[] =>
  fencedBlocks('sh').map(({ document, line, text, notRunBecause }) => ({
    document,
    line,
    commands: commandsIn(text),
    notRunBecause,
  }));
