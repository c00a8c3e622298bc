/** Reads the JSON bodies of requests. */
import { Refusal } from '../../domain/errors.ts';
import type { Api } from '../api.ts';

const notUtf8 = (): Refusal =>
  new Refusal(
    'invalid_body',
    'The body is not valid UTF-8.',
    'Send one JSON document, in UTF-8, with the header Content-Type: application/json.',
  );

/**
 * Sets the parser of JSON bodies. Node replaces bytes that are not UTF-8, and a name would be stored with a replacement
 * character; they are refused instead. Many clients send the content type with each request: a missing body counts as an
 * empty object, so that it is valid exactly where every field is optional.
 */
export const readJsonBodies = (api: Api): void => {
  const parse = api.getDefaultJsonParser('error', 'error');
  api.removeContentTypeParser('application/json');
  api.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, {});
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    } catch {
      return done(notUtf8());
    }
    // It calls `done`.
    void parse(request, text, done);
  });
  api.addHook('preValidation', async (request) => {
    // `null` is a body, of the wrong type.
    if (request.routeOptions.schema?.body !== undefined && request.body === undefined) request.body = {};
  });
};
