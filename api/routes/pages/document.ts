/** The HTML document of the pages that links in messages lead to: no scripts, readable on any phone. */
import { Eta } from 'eta';
import type { Language } from './language.ts';

const eta = new Eta({ autoTrim: [false, 'nl'] });

interface PageTemplate {
  /** Eta's templates. The fields of the page are in `it`. */
  readonly body: string;
  readonly head?: string;
  readonly styles?: string;
}

/** What a page shows. Other fields are for its own templates. */
type PageFields = Readonly<Record<string, unknown>> & {
  readonly language: Language;
  readonly title: string;
};

/** Returns the function that renders a page in the document. */
export const compilePage = ({
  body,
  head = '',
  styles = '',
}: PageTemplate): ((fields: PageFields) => string) => {
  const template = eta.compile(`<!doctype html>
<html lang="<%= it.language %>">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${head}
<title><%= it.title %></title>
<style>
:root { color-scheme: light dark; }
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1.25rem; }
/* Addresses and titles of projects have no spaces at which a phone can break them. */
h1, h2 { overflow-wrap: anywhere; }
${styles}
</style>
</head>
<body>
<main>
<h1><%= it.title %></h1>
${body}
</main>
</body>
</html>
`);
  return (fields) => eta.render(template, fields);
};
