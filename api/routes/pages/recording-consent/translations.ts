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
  /** Once the session has begun. */
  readonly withdraw: string;
  readonly stop: string;
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
  withdraw: 'You can still withdraw your consent. The recording is then stopped.',
  stop: 'Stop recording me',
};

const fr: ConsentTranslations = {
  title: 'Enregistrement',
  question:
    'L’agence de casting souhaite enregistrer cette audition\u00a0: image, son et transcription. Êtes-vous d’accord\u202f?',
  give: 'Oui, vous pouvez m’enregistrer',
  refuse: 'Non, ne m’enregistrez pas',
  given: 'Vous avez accepté d’être enregistré(e).',
  refused: 'Vous n’avez pas accepté d’être enregistré(e).',
  change: 'Vous pouvez modifier cette réponse jusqu’au début de l’audition.',
  withdraw: 'Vous pouvez encore retirer votre accord. L’enregistrement est alors arrêté.',
  stop: 'Ne m’enregistrez plus',
};

const translations: Readonly<Record<Language, ConsentTranslations>> = { en, fr };

/** Returns the texts in a language. */
export const consentTranslationsFor = (language: Language): ConsentTranslations => translations[language];
