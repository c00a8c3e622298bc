import { Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { withCorrelation } from './correlation.ts';
import { createLogger } from './logger.ts';

const setup = (level: 'info' | 'debug' | 'silent' = 'info') => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { lines, logger: createLogger({ level, process: 'test' }, destination) };
};
const parsed = (line: string | undefined) => z.record(z.string(), z.unknown()).parse(JSON.parse(line ?? ''));

describe('createLogger', () => {
  it('writes one JSON object per line with time, level and process', () => {
    const { logger, lines } = setup();
    logger.info({ taskQueue: 'zoom' }, 'polling');
    expect(lines).toHaveLength(1);
    expect(parsed(lines[0])).toMatchObject({
      level: 'info',
      process: 'test',
      taskQueue: 'zoom',
      msg: 'polling',
    });
    expect(parsed(lines[0])['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('writes no lines below its level', () => {
    const { logger, lines } = setup();
    logger.debug('not now');
    setup('silent').logger.fatal('never');
    expect(lines).toEqual([]);
  });

  it('adds the correlation id to the lines of its unit of work only', async () => {
    const { logger, lines } = setup();
    await Promise.all(
      ['one', 'two'].map((correlationId) =>
        withCorrelation({ correlationId, activity: 'sendNotice' }, async () => {
          await setTimeout(1);
          logger.info('inside');
        }),
      ),
    );
    logger.info('outside');
    expect(lines.map((line) => parsed(line)['correlationId'])).toEqual(['one', 'two', undefined]);
  });

  it('redacts secrets and addresses in every field and in the message', () => {
    const { logger, lines } = setup();
    logger.error(
      {
        err: new Error('550 <ada.lovelace@example.com> unknown, tried +441234567890'),
        request: { headers: { authorization: 'Bearer abc.def.ghi', cookie: ['a=b', 'c=d'] } },
        deep: { er: { refreshToken: 'r-1', GOOGLE_CLIENT_SECRET: 'g-1', 'x-api-key': 'k-1' } },
        database: 'postgres://castmatch:hunter2@db.internal:5432/castmatch',
      },
      'sent Authorization: Basic dXNlcjpwYXNz to "müller@exämple.de"',
    );
    expect(lines[0]).not.toMatch(/lovelace|4412345|abc\.def|a=b|r-1|g-1|k-1|hunter2|dXNlcjpwYXNz|müller/);
    expect(parsed(lines[0])['msg']).toBe('sent Authorization: Basic [redacted] to "[email]"');
  });

  it('keeps values that only look like personal data', () => {
    const { logger, lines } = setup();
    const harmless = {
      start: '2026-07-01T10:00:00.000+02:00',
      workflowId: 'audition/aud_1234567890123',
      key: 'audition/aud_1:invite:email',
      package: '@temporalio/worker@1.24',
      tokens: 7,
    };
    logger.info(harmless, 'took 12+3456789 ms');
    expect(parsed(lines[0])).toMatchObject({ ...harmless, msg: 'took 12+3456789 ms' });
  });
});
