import { describe, expect, it } from 'vitest';
import {
  addMissingSearchAttributes,
  registerSearchAttributes,
  TemporalNotPrepared,
} from './temporal-server.ts';

const wanted = { CastMatchState: 'Keyword', CastMatchScheduledFor: 'Datetime' } as const;

/** Creates an error like those of the gRPC client. */
const grpcError = (code: number) => Object.assign(new Error('no'), { code, details: '', metadata: {} });

const setup = ({ has = [], list, add }: { has?: readonly string[]; list?: Error; add?: Error }) => {
  const added: string[] = [];
  const operator = {
    listSearchAttributes: async () => {
      if (list) throw list;
      return { customAttributes: Object.fromEntries(has.map((name) => [name, 2])) };
    },
    addSearchAttributes: async ({ searchAttributes }: { searchAttributes: object }) => {
      if (add) throw add;
      if (Object.keys(searchAttributes).some((name) => has.includes(name))) throw grpcError(6);
      added.push(...Object.keys(searchAttributes));
      return {};
    },
  };
  return { added, run: () => addMissingSearchAttributes(operator, 'castings', wanted) };
};

describe('the search attributes of an external server', () => {
  it('are added when they are missing', async () => {
    const { added, run } = setup({ has: ['CastMatchState', 'Other'] });
    await run();
    expect(added).toEqual(['CastMatchScheduledFor']);
  });

  it('are not changed when all exist', async () => {
    const { run } = setup({ has: Object.keys(wanted), add: grpcError(7) });
    await expect(run()).resolves.toBeUndefined();
  });

  it('cause no error when another process adds them simultaneously', async () => {
    await expect(setup({ add: grpcError(6) }).run()).resolves.toBeUndefined();
  });

  it.each([7, 12, 16])(
    'are named with the commands to add them when adding is forbidden (gRPC code %i)',
    async (code) => {
      const { run } = setup({ has: ['CastMatchState'], add: grpcError(code) });
      await expect(run()).rejects.toThrow(TemporalNotPrepared);
      await expect(run()).rejects.toThrow(
        '--namespace castings --name CastMatchScheduledFor --type Datetime',
      );
    },
  );

  it('are added without listing them first when listing is forbidden', async () => {
    const { added, run } = setup({ list: grpcError(7), has: ['CastMatchState'] });
    await run();
    expect(added).toEqual(['CastMatchScheduledFor']);
  });

  it('report an unreachable server', async () => {
    const unreachable = { address: '127.0.0.1:1', namespace: 'default' };
    await expect(registerSearchAttributes(unreachable, wanted)).rejects.toThrow('No Temporal server answers');
  });
});
