import { describe, expect, it } from 'vitest';
import { isCompleteAnswer, plainAnswer } from './answer-text.ts';

describe('the XML of an answer', () => {
  it.each([
    ['<d:href>/a/</d:href>', '<d:href>/a/</d:href>'],
    ['<d:href><![CDATA[/a&b/]]></d:href>', '<d:href>/a&amp;b/</d:href>'],
    ['<a><![CDATA[one]]]]><![CDATA[>two]]></a>', '<a>one]]&gt;two</a>'],
    ['<d:sync-token>\n 1.50 </d:sync-token>', '<d:sync-token><![CDATA[1.50]]></d:sync-token>'],
    ['<sync-token>12e5</sync-token>', '<sync-token><![CDATA[12e5]]></sync-token>'],
    ['<name xml:lang="en">True</name>', '<name xml:lang="en"><![CDATA[True]]></name>'],
    ['<name>Take 5</name>', '<name>Take 5</name>'],
    ['<name>a>5</name>', '<name>a>5</name>'],
    ['<d:href> //calendars/ann/</d:href>', '<d:href> /calendars/ann/</d:href>'],
    ['<href>event:1.ics</href>', '<href>./event:1.ics</href>'],
    ['<href> https://a.example/b</href>', '<href> https://a.example/b</href>'],
    ['<href>/</href><href></href>', '<href>/</href><href></href>'],
    ['<status>HTTP/1.1 200 OK</status>', '<status>HTTP/1.1 200 OK</status>'],
    ['<a><![CDATA[without an end</a>', '<a><![CDATA[without an end</a>'],
  ])('%j is read as %j', (xml, plain) => {
    expect(plainAnswer(xml)).toBe(plain);
  });

  it.each(['<![CDATA[', '<a>', '<a ', '<a>1', '<href>', '<href>/', '<href> ', '<a>'.padEnd(4_000), '1'])(
    'that repeats %j is read in bounded time',
    (piece) => {
      const began = performance.now();
      plainAnswer(piece.repeat(Math.floor(4_000_000 / piece.length)));
      plainAnswer(`<a>${piece.repeat(Math.floor(4_000_000 / piece.length))}</a>`);
      expect(performance.now() - began).toBeLessThan(2_000);
    },
  );
});

describe('the end of an answer', () => {
  it.each([
    ['<?xml version="1.0"?><d:multistatus xmlns:d="DAV:"></d:multistatus>\n', true],
    ['<multistatus><response></response></multistatus ><!-- 4 ms -->', true],
    ['<d:multistatus xmlns:d="DAV:"/>', true],
    ['<d:multistatus><d:response></d:response>', false],
    ['<d:multistatus><d:response></d:response></d:multi', false],
    ['<d:multistatus></d:multistatus><br /><b>Fatal error</b>', false],
    ['<?xml version="1.0"?>', false],
    ['', false],
  ])('is found in %j: %s', (xml, isComplete) => {
    expect(isCompleteAnswer(xml)).toBe(isComplete);
  });
});
