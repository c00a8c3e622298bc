/** Reads the fenced blocks of code of all Markdown files of the repository. */
import { globSync, readFileSync } from 'node:fs';

/** How tests treat the blocks of a language. A block of another language is an error, because nothing would check it. */
const checks = {
  sh: 'tests/e2e/documents.e2e.test.ts and infra/sandbox/documented-commands.integration.test.ts run it',
  sql: 'db/documented-queries.integration.test.ts runs it',
  json: 'tests/harness/fenced-blocks.test.ts parses it',
  js: 'not checked: a piece of a program',
  ts: 'not checked: a piece of a program',
  mermaid: 'not checked: a diagram',
  text: 'not checked: no code',
} as const;
export type BlockLanguage = keyof typeof checks;

export interface FencedBlock {
  readonly document: string;
  /** The number of the block's first line, from 1. */
  readonly line: number;
  readonly language: BlockLanguage;
  readonly text: string;
  /** Why tests do not run it: the text of the comment `<!-- not run: … -->` above the block. */
  readonly notRunBecause?: string | undefined;
}

const isLanguage = (text: string): text is BlockLanguage => Object.hasOwn(checks, text);

const fence = /^(?<before>[^`~]*?)(?<marks>`{3,}|~{3,})(?<language>.*)$/;
const exclusion = /^<!-- not run: (?<reason>.+) -->$/;

/**
 * Returns the blocks of one document.
 * @throws when a block has no language or an unknown one, is not closed, or is part of a quotation or of a line of text.
 */
export const blocksOf = (document: string, content: string): readonly FencedBlock[] => {
  const blocks: FencedBlock[] = [];
  let lastText = '';
  let open: { readonly marks: string; readonly language: BlockLanguage; readonly line: number } | undefined;
  let text: string[] = [];
  for (const [index, line] of content.split('\n').entries()) {
    const { before = '', marks = '', language = '' } = fence.exec(line)?.groups ?? {};
    const at = `${document}:${index + 1}`;
    if (open) {
      if (!(before.trim() === '' && marks.startsWith(open.marks) && language.trim() === '')) {
        text.push(line);
        continue;
      }
      const notRunBecause = exclusion.exec(lastText)?.groups?.['reason'];
      const { language: of, line: first } = open;
      blocks.push({ document, line: first, language: of, text: text.join('\n'), notRunBecause });
      open = undefined;
      lastText = '';
    } else if (marks !== '') {
      if (before.trim() !== '') throw new Error(`${at}: the block does not begin on a line of its own`);
      if (!isLanguage(language)) {
        throw new Error(`${at}: the language "${language}" is none of ${Object.keys(checks).join(', ')}`);
      }
      open = { marks, language, line: index + 1 };
      text = [];
    } else if (line.trim() !== '') {
      lastText = line.trim();
    }
  }
  if (open) throw new Error(`${document}:${open.line}: the block is not closed`);
  return blocks;
};

const ignored = new Set(['node_modules', '.git', '.cache', '.data']);

/** Returns the blocks of all documents in the language, in the order of the documents. */
export const fencedBlocks = (language: BlockLanguage): readonly FencedBlock[] =>
  globSync('**/*.md', { exclude: (name) => ignored.has(name.split('/').at(-1) ?? name) })
    .toSorted()
    .flatMap((document) => blocksOf(document, readFileSync(document, 'utf8')))
    .filter((block) => block.language === language);
