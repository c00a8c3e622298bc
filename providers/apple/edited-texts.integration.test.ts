/** Tests what becomes of the texts that a person edits in an event of ours in a CalDAV calendar. */
import { describe, expect, it } from 'vitest';
import {
  ownEventId,
  setUpScriptedCaldav as setup,
  listedSince as since,
} from '../../tests/harness/scripted-caldav-bench.ts';

const edit = (text: string, edits: Readonly<Record<string, string>>) =>
  Object.entries(edits).reduce(
    (edited, [name, value]) => edited.replace(new RegExp(`^${name}:.*?(?=\\r?$)`, 'm'), `${name}:${value}`),
    text,
  );

describe('a text of our event at a CalDAV server', () => {
  it('is listed as edited until it is as it was written', async () => {
    const { server, list, write } = await setup();
    await write(1, { location: 'Studio 2', description: 'Sides, pages 3; 4\nRing twice' });
    const editedIn = async (position: Parameters<typeof list>[0]) => {
      const { found, cursor } = await list(position);
      return { cursor, texts: found.flatMap(({ mark }) => (mark?.edited ?? []).map(({ text }) => text)) };
    };
    const first = await editedIn({ kind: 'all', since });
    expect(first.texts).toEqual([]);
    const written = server.text(ownEventId) ?? '';
    server.store(
      ownEventId,
      edit(written, { SUMMARY: 'My big day', LOCATION: 'Attic', DESCRIPTION: 'Mine' }),
    );
    const second = await editedIn({ kind: 'changes', cursor: first.cursor });
    expect(second.texts).toEqual(['title', 'place', 'description']);
    server.store(ownEventId, written);
    expect((await editedIn({ kind: 'changes', cursor: second.cursor })).texts).toEqual([]);
  });

  it('is returned by the write that replaces it, and the others are kept', async () => {
    const { server, write } = await setup();
    await write(1, { location: 'Studio 2' });
    const written = server.text(ownEventId) ?? '';
    server.store(ownEventId, edit(written, { SUMMARY: 'My big day', LOCATION: 'Studio 2\\, ring twice' }));
    expect(await write(2, { location: 'Studio 2' })).not.toHaveProperty('overwroteTexts');
    expect(await write(3, { location: 'Attic' })).toMatchObject({ overwroteTexts: ['place'] });
    expect(server.text(ownEventId)).toContain('SUMMARY:My big day');
    expect(await write(4, { location: 'Cellar' })).not.toHaveProperty('overwroteTexts');
  });

  it('is returned by the write of another description', async () => {
    const { server, write } = await setup();
    await write(1, { description: 'Pages 3\nand 4' });
    const written = server.text(ownEventId) ?? '';
    expect(await write(2, { description: 'Pages 5' })).not.toHaveProperty('overwroteTexts');
    server.store(ownEventId, edit(written, { DESCRIPTION: 'My notes' }));
    expect(await write(3, { description: 'Pages 6' })).toMatchObject({ overwroteTexts: ['description'] });
  });
});
