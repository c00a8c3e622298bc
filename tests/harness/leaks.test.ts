import { describe, expect, it } from 'vitest';
import { leaksIn } from './leaks.ts';

const text = 'Zoë Quillfeather';
const secrets = [{ what: 'a name', text }];
const bytes = (content: string) => Buffer.from(content, 'utf8');

describe('secret search', () => {
  it.each([
    ['text', `to ${text}.`],
    ['percent-encoded', `?name=${encodeURIComponent(text)}&`],
    ['escaped JSON', '{"name":"Zo\\u00eb Quillfeather"}'],
    ['hex', `x${bytes(text).toString('hex')}00`],
    ['base64', bytes(`${text} again`).toString('base64')],
    ['base64', bytes(`1${text}`).toString('base64')],
    ['base64', bytes(`12${text}, 3`).toString('base64')],
  ])('finds a secret encoded as %s', (as, content) => {
    expect(leaksIn(bytes(content), secrets)).toEqual([`a name as ${as}`]);
  });

  it('finds a secret in base64url', () => {
    expect(
      leaksIn(bytes(bytes('1>>>???').toString('base64url')), [{ what: 'signs', text: '>>>???' }]),
    ).toEqual(['signs as base64url']);
  });

  it('reports no leak when no secret is there', () => {
    expect(leaksIn(bytes(`Zoe Quillfeather ${bytes('Quill').toString('base64')}`), secrets)).toEqual([]);
  });
});
