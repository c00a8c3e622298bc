/** Renders the page for a link to a recording that cannot be opened. It says nothing about the recording. */
import { compilePage } from '../document.ts';
import { type Language, languageOf } from '../language.ts';

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

const render = compilePage({ body: '<p><%= it.text %></p>' });

/** Returns the page in the language of the browser. */
export const unavailablePage = (acceptLanguage: string | undefined): string => {
  const language = languageOf(acceptLanguage);
  return render({ language, ...texts[language] });
};
