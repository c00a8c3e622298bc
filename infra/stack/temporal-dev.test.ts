import { describe, expect, it } from 'vitest';
import { devServerArguments, loadTemporalDev, parseTemporalDev, type TemporalDev } from './temporal-dev.ts';

const settings: TemporalDev = {
  namespace: 'default',
  ports: { grpc: 7233, ui: 8233 },
  searchAttributes: { CastMatchState: 'Keyword', CastMatchScheduledFor: 'Datetime' },
  sqlitePragmas: { journal_mode: 'WAL' },
  retentionDays: 30,
  dynamicConfig: { 'limit.blobSize.warn': 65_536, 'some.text': 'a' },
  ui: { codecEndpoint: '{api}/codec' },
};

describe('temporal-dev.yaml', () => {
  it('contains the search attributes and the SQLite settings', async () => {
    const { searchAttributes, sqlitePragmas } = await loadTemporalDev();
    expect(searchAttributes).toEqual({
      CastMatchOrganization: 'Keyword',
      CastMatchProject: 'Keyword',
      CastMatchRole: 'Keyword',
      CastMatchState: 'Keyword',
      CastMatchAttention: 'Keyword',
      CastMatchScheduledFor: 'Datetime',
      CastMatchCorrelation: 'Keyword',
    });
    expect(sqlitePragmas).toEqual({ journal_mode: 'WAL', synchronous: 'NORMAL' });
  });

  it('is rejected with the name of an invalid key', () => {
    const yaml = JSON.stringify({ ...settings, ports: { grpc: 70_000, ui: 1 }, searchAttribute: {} });
    expect(() => parseTemporalDev(yaml)).toThrow(/temporal-dev\.yaml[\s\S]*searchAttribute/);
    expect(() => parseTemporalDev(yaml)).toThrow(/ports\.grpc/);
  });

  it('is rejected with an unknown type of a search attribute', () => {
    const yaml = JSON.stringify({ ...settings, searchAttributes: { CastMatchState: 'keyword' } });
    expect(() => parseTemporalDev(yaml)).toThrow(/searchAttributes\.CastMatchState/);
  });
});

describe('the arguments of the development server', () => {
  it('contain the search attributes, and dynamic settings as JSON', () => {
    const line = devServerArguments(settings, { port: 7000 }).join(' ');
    expect(line).toContain('--search-attribute CastMatchState=Keyword');
    expect(line).toContain('--search-attribute CastMatchScheduledFor=Datetime');
    expect(line).toContain('--dynamic-config-value limit.blobSize.warn=65536');
    expect(line).toContain('--dynamic-config-value some.text="a"');
  });

  it('disable the Web UI and the database file when neither is configured', () => {
    const headless = devServerArguments(settings, { port: 7000 });
    expect(headless).toContain('--headless');
    expect(headless).not.toContain('--db-filename');
    // The server rejects pragmas without a database file.
    expect(headless).not.toContain('--sqlite-pragma');
  });

  it('set the codec endpoint of the Web UI and the pragmas of the database file', () => {
    const ui = { port: 8000, apiUrl: 'http://127.0.0.1:3000' };
    const line = devServerArguments(settings, { port: 7000, ui, databaseFile: 't.db' }).join(' ');
    expect(line).toContain('--ui-port 8000 --ui-codec-endpoint http://127.0.0.1:3000/codec');
    expect(line).toContain('--db-filename t.db --sqlite-pragma journal_mode=WAL');
    expect(line).not.toContain('--headless');
  });
});
