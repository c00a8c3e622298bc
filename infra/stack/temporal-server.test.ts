import { describe, expect, it } from 'vitest';
import {
  addMissingSearchAttributes,
  registerSearchAttributes,
  TemporalNotPrepared,
} from './temporal-server.ts';

const wanted = { CastMatchState: 'Keyword', CastMatchScheduledFor: 'Datetime' } as const;

/** As gRPC's client throws. */
const refused = (code: number) => Object.assign(new Error('no'), { code, details: '', metadata: {} });

const setup = ({ has = [], list, add }: { has?: readonly string[]; list?: Error; add?: Error }) => {
  const added: string[] = [];
  const operator = {
    listSearchAttributes: async () => {
      if (list) throw list;
      return { customAttributes: Object.fromEntries(has.map((name) => [name, 2])) };
    },
    addSearchAttributes: async ({ searchAttributes }: { searchAttributes: object }) => {
      if (add) throw add;
      if (Object.keys(searchAttributes).some((name) => has.includes(name))) throw refused(6);
      added.push(...Object.keys(searchAttributes));
      return {};
    },
  };
  return { added, run: () => addMissingSearchAttributes(operator, 'castings', wanted) };
};

describe('the search attributes of a given server', () => {
  it('are added where they are missing', async () => {
    const { added, run } = setup({ has: ['CastMatchState', 'Other'] });
    await run();
    expect(added).toEqual(['CastMatchScheduledFor']);
  });

  it('are left alone where all are there, whether we may add any or not', async () => {
    const { run } = setup({ has: Object.keys(wanted), add: refused(7) });
    await expect(run()).resolves.toBeUndefined();
  });

  it('that another process adds at the same moment are no error', async () => {
    await expect(setup({ add: refused(6) }).run()).resolves.toBeUndefined();
  });

  it.each([7, 12, 16])('that we may not add are named, with how to add them (gRPC code %i)', async (code) => {
    const { run } = setup({ has: ['CastMatchState'], add: refused(code) });
    await expect(run()).rejects.toThrow(TemporalNotPrepared);
    await expect(run()).rejects.toThrow('--namespace castings --name CastMatchScheduledFor --type Datetime');
  });

  it('that we may not even look at are added blindly, past those that are there', async () => {
    const { added, run } = setup({ list: refused(7), has: ['CastMatchState'] });
    await run();
    expect(added).toEqual(['CastMatchScheduledFor']);
  });

  it('cannot be had from a server that is not there, which is said', async () => {
    const nobody = { address: '127.0.0.1:1', namespace: 'default' };
    await expect(registerSearchAttributes(nobody, wanted)).rejects.toThrow('Nobody answers');
  });
});
