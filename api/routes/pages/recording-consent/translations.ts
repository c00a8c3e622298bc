/** The texts of the question about the recording, by language. */
import type { Language } from '../language.ts';

interface ConsentTranslations {
  readonly title: string;
  readonly question: string;
  readonly give: string;
  readonly refuse: string;
  readonly given: string;
  readonly refused: string;
  readonly change: string;
}

const en: ConsentTranslations = {
  title: 'Recording',
  question:
    'The casting office would like to record this audition: picture, sound, and a transcript. Do you agree?',
  give: 'Yes, you may record me',
  refuse: 'No, do not record me',
  given: 'You agreed to be recorded.',
  refused: 'You did not agree to be recorded.',
  change: 'You can change this answer until the audition begins.',
};

const fr: ConsentTranslations = {
  title: 'Enregistrement',
  question:
    'L’agence de casting souhaite enregistrer cette audition : image, son et transcription. Êtes-vous d’accord ?',
  give: 'Oui, vous pouvez m’enregistrer',
  refuse: 'Non, ne m’enregistrez pas',
  given: 'Vous avez accepté d’être enregistré(e).',
  refused: 'Vous n’avez pas accepté d’être enregistré(e).',
  change: 'Vous pouvez modifier cette réponse jusqu’au début de l’audition.',
};

const translations: Readonly<Record<Language, ConsentTranslations>> = { en, fr };

/** Returns the texts in a language. */
export const consentTranslationsFor = (language: Language): ConsentTranslations => translations[language];
