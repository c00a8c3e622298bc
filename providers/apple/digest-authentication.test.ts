/** Tests the answers to Digest challenges, with the example of RFC 7616, section 3.9.1. */
import { describe, expect, it } from 'vitest';
import { challengeIn, digestAnswer } from './digest-authentication.ts';

const nonce = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
const opaque = 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS';
const clientNonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
const mufasa = { username: 'Mufasa', password: 'Circle of Life' };
const request = { method: 'GET', uri: '/dir/index.html' };
const offer = (algorithm: string) =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="${nonce}", opaque="${opaque}"`;

const answerTo = (header: string, login = mufasa) => {
  const challenge = challengeIn(header);
  if (!challenge) throw new Error('the challenge was not read');
  return digestAnswer(challenge, login, request, clientNonce);
};

describe('the answer to a Digest challenge', () => {
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('is that of the RFC: %s', (algorithm, response) => {
    expect(answerTo(offer(algorithm))).toBe(
      `Digest username="Mufasa", realm="http-auth@example.org", nonce="${nonce}", uri="/dir/index.html", response="${response}", algorithm=${algorithm}, opaque="${opaque}", qop=auth, nc=00000001, cnonce="${clientNonce}"`,
    );
  });

  it('is for the first algorithm that is known', () => {
    expect(answerTo(`${offer('SHA-3')}, ${offer('SHA-256')}, ${offer('MD5')}`)).toContain(
      'algorithm=SHA-256',
    );
  });

  it('has no counter for a server that offers no quality of protection', () => {
    const answer = answerTo('Digest realm="old", nonce="n"');
    expect(answer).toMatch(
      /^Digest username="Mufasa", realm="old", nonce="n", uri="[^"]+", response="[0-9a-f]{32}"$/,
    );
  });

  it('names a user with letters that are not ASCII', () => {
    expect(answerTo(offer('MD5'), { username: 'Jäsøn', password: 'x' })).toContain(
      "username*=UTF-8''J%C3%A4s%C3%B8n",
    );
  });

  it.each([
    ['the server also accepts Basic', `Basic realm="x", ${offer('MD5')}`],
    ['the server also accepts Basic, named last', `${offer('MD5')}, Basic realm="x"`],
    ['no algorithm is known', offer('SHA-3')],
    ['the whole message must be protected', offer('MD5').replace('auth, auth-int', 'auth-int')],
    ['the challenge has no nonce', 'Digest realm="x"'],
    ['there is no challenge', ''],
  ])('does not exist when %s', (_why, header) => {
    expect(challengeIn(header)).toBeUndefined();
  });
});
