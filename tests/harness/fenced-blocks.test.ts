import { expect, it } from 'vitest';
import { documentedBlocks } from './documented-commands.ts';
import { blocksOf, fencedBlocks } from './fenced-blocks.ts';

it('the blocks of a document have their language, their line and the reason why they are not run', () => {
  const content = [
    '# Title',
    '',
    '```sh',
    'npm start',
    '```',
    '<!-- not run: slow -->',
    '',
    '  ~~~sql',
    'x',
    '~~~',
  ];
  expect(blocksOf('a.md', content.join('\n'))).toEqual([
    { document: 'a.md', line: 3, language: 'sh', text: 'npm start', notRunBecause: undefined },
    { document: 'a.md', line: 8, language: 'sql', text: 'x', notRunBecause: 'slow' },
  ]);
});

it.each([
  ['of an unknown language', '```bsh\nnpm start\n```', 'a.md:1: the language "bsh" is none of sh'],
  ['with more than a language', '```sh title\nnpm start\n```', 'the language "sh title" is none of'],
  ['without a language', '\n```\nnpm start\n```', 'a.md:2: the language "" is none of'],
  ['that is not closed', '```sh\nnpm start', 'a.md:1: the block is not closed'],
  ['in a quotation', '> ```sh\n> npm start\n> ```', 'a.md:1: the block does not begin on a line of its own'],
])('a block %s is an error', (_kind, content, message) => {
  expect(() => blocksOf('a.md', content)).toThrow(message);
});

it('documents of every folder count', () => {
  const documents = new Set(documentedBlocks().map(({ document }) => document));
  for (const document of ['README.md', 'docs/api.md', 'docs/runbooks/replay.md', 'infra/sandbox/README.md']) {
    expect(documents).toContain(document);
  }
  expect([...documents].filter((document) => document.includes('node_modules'))).toEqual([]);
});

it.each(fencedBlocks('json'))('the JSON in $document at line $line is valid', ({ text }) => {
  expect(() => JSON.parse(text)).not.toThrow();
});
