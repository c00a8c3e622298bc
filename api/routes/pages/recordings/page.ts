/** Renders the page for a link to a recording that cannot be opened. It says nothing about the recording. */
import { Eta } from 'eta';
import { type Language, languageOf } from '../language.ts';

const layout = `<!doctype html>
<html lang="<%= it.language %>">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title><%= it.title %></title>
<style>
:root { color-scheme: light dark; }
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1.25rem; }
</style>
</head>
<body><main><h1><%= it.title %></h1><p><%= it.text %></p></main></body>
</html>
`;

const texts: Readonly<Record<Language, { readonly title: string; readonly text: string }>> = {
  en: {
    title: 'This link does not open anything',
    text: 'It may have expired. Ask the casting office for a new one.',
  },
  fr: {
    title: 'Ce lien n’ouvre rien',
    text: 'Il a peut-être expiré. Demandez-en un nouveau au bureau de casting.',
  },
};

const eta = new Eta({ autoTrim: [false, 'nl'] });
const template = eta.compile(layout);

/** Returns the page in the language of the browser. */
export const unavailablePage = (acceptLanguage: string | undefined): string => {
  const language = languageOf(acceptLanguage);
  return eta.render(template, { language, ...texts[language] });
};
