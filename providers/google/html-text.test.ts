import { expect, it } from 'vitest';
import { htmlTextOf, textOfHtml } from './html-text.ts';

it.each([
  ['Pages 3 & 4\nTom > Ann', 'Pages 3 & 4\nTom > Ann'],
  ['<b>loud</b>', '&lt;b>loud&lt;/b>'],
  ['<a href="https://evil.example">join</a>', '&lt;a href="https://evil.example">join&lt;/a>'],
  ['write &lt;b&gt; and &#60; here', 'write &amp;lt;b&amp;gt; and &amp;#60; here'],
  ['3 < 4', '3 &lt; 4'],
])('the text %j is shown by the HTML %j', (text, html) => {
  expect(htmlTextOf(text)).toBe(html);
  expect(textOfHtml(html)).toBe(text);
});

it.each([
  [
    'Join:<br><a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>',
    'Join:\nhttps://x.example/a?b=1&c=2',
  ],
  ['<html-blob><b>Pages</b>&nbsp;3 &gt; 4<br/></html-blob>', 'Pages 3 > 4\n'],
])('the HTML %j of an editor shows the text %j', (html, text) => {
  expect(textOfHtml(html)).toBe(text);
});
