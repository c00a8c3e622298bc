import { describe, expect, it } from 'vitest';
import { readInboundForm, readInboundMail } from './inbound-webhooks.ts';

const formOf = async (body: Buffer, contentType: string) => {
  const [mediaType = ''] = contentType.split(';', 1);
  const request = { headers: { 'content-type': contentType }, body, mediaType };
  return { form: await readInboundForm(request), request };
};

const part = (name: string) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`;

describe('the form of a mail service', () => {
  it('keeps the bytes of the message, in any charset and with any text in it', async () => {
    const message = Buffer.from('Subject: x\r\n\r\n\u00e9 -x --x- Fran\u00e7ois\r\n', 'latin1');
    const body = Buffer.concat([Buffer.from(part('email')), message, Buffer.from('\r\n--x--\r\n')]);
    const { form, request } = await formOf(body, 'multipart/form-data; boundary=x');
    expect(readInboundMail(request, form)).toEqual({ kind: 'mail', message, recipients: [] });
    const encoded = `email=${encodeURIComponent('é')}&recipient=a%40b.c`;
    const plain = await formOf(Buffer.from(encoded), 'application/x-www-form-urlencoded');
    const read = readInboundMail(plain.request, plain.form);
    expect(read).toEqual({ kind: 'mail', message: Buffer.from('é'), recipients: ['a@b.c'] });
  });

  it('of 5 MB, of thousands of fields, or damaged is read in bounded time', async () => {
    const started = performance.now();
    const large = Buffer.from(`${part('email')}${'x\r\n'.repeat(1_700_000)}\r\n--x--\r\n`);
    expect((await formOf(large, 'multipart/form-data; boundary=x')).form?.size).toBe(1);
    const fields = Buffer.from(`${part('a')}\r\n`.repeat(20_000));
    await formOf(fields, 'multipart/form-data; boundary=x');
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=y']) {
      expect((await formOf(large.subarray(0, 1_000), type)).form?.get('email')).toBeUndefined();
    }
    expect((await formOf(Buffer.from('a'), 'application/json')).form).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
