import { describe, expect, it } from 'vitest';
import { devServerArguments, loadTemporalDev, parseTemporalDev, type TemporalDev } from './temporal-dev.ts';

const settings: TemporalDev = {
  namespace: 'default',
  ports: { grpc: 7233, ui: 8233 },
  searchAttributes: { CastMatchState: 'Keyword', CastMatchScheduledFor: 'Datetime' },
  sqlitePragmas: { journal_mode: 'WAL' },
  dynamicConfig: { 'limit.blobSize.warn': 65_536, 'some.text': 'a' },
  ui: { codecEndpoint: '{api}/codec' },
};

describe('temporal-dev.yaml', () => {
  it('is what the server is started with, with the search attributes of the design', async () => {
    const { searchAttributes, sqlitePragmas } = await loadTemporalDev();
    expect(searchAttributes).toEqual({
      CastMatchOrganization: 'Keyword',
      CastMatchProject: 'Keyword',
      CastMatchRole: 'Keyword',
      CastMatchState: 'Keyword',
      CastMatchAttention: 'Keyword',
      CastMatchScheduledFor: 'Datetime',
    });
    expect(sqlitePragmas).toEqual({ journal_mode: 'WAL', synchronous: 'NORMAL' });
  });

  it('names the key that is wrong', () => {
    const yaml = JSON.stringify({ ...settings, ports: { grpc: 70_000, ui: 1 }, searchAttribute: {} });
    expect(() => parseTemporalDev(yaml)).toThrow(/temporal-dev\.yaml[\s\S]*searchAttribute/);
    expect(() => parseTemporalDev(yaml)).toThrow(/ports\.grpc/);
  });

  it('refuses a type that a search attribute cannot have', () => {
    const yaml = JSON.stringify({ ...settings, searchAttributes: { CastMatchState: 'keyword' } });
    expect(() => parseTemporalDev(yaml)).toThrow(/searchAttributes\.CastMatchState/);
  });
});

describe('the arguments of the development server', () => {
  it('register the search attributes and pass dynamic settings as JSON', () => {
    const line = devServerArguments(settings, { port: 7000 }).join(' ');
    expect(line).toContain('--search-attribute CastMatchState=Keyword');
    expect(line).toContain('--search-attribute CastMatchScheduledFor=Datetime');
    expect(line).toContain('--dynamic-config-value limit.blobSize.warn=65536');
    expect(line).toContain('--dynamic-config-value some.text="a"');
  });

  it('ask for no Web UI and no file where there is no place for them', () => {
    const given = devServerArguments(settings, { port: 7000 });
    expect(given).toContain('--headless');
    expect(given).not.toContain('--db-filename');
    // The server refuses pragmas without a file to apply them to.
    expect(given).not.toContain('--sqlite-pragma');
  });

  it('point the Web UI to the codec of the API and tune the file', () => {
    const ui = { port: 8000, apiUrl: 'http://127.0.0.1:3000' };
    const line = devServerArguments(settings, { port: 7000, ui, databaseFile: 't.db' }).join(' ');
    expect(line).toContain('--ui-port 8000 --ui-codec-endpoint http://127.0.0.1:3000/codec');
    expect(line).toContain('--db-filename t.db --sqlite-pragma journal_mode=WAL');
    expect(line).not.toContain('--headless');
  });
});
