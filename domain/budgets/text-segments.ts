/**
 * Counts the segments of a text message: the unit in which carriers and Twilio bill
 * (https://www.twilio.com/docs/glossary/what-sms-character-limit).
 */

/** The GSM 03.38 basic alphabet: one septet each (3GPP TS 23.038, section 6.2.1). */
const basic: ReadonlySet<string> = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** The extension table: an escape and a character, so two septets (3GPP TS 23.038, section 6.2.1.1). */
const extended: ReadonlySet<string> = new Set('\f^{}\\[~]|€');

/** Returns whether the text has characters of GSM 03.38 only. */
export const isGsm = (text: string): boolean =>
  Array.from(text).every((character) => basic.has(character) || extended.has(character));

/** A segment of a longer message has less room: its header takes six bytes (3GPP TS 23.040, section 9.2.3.24.1). */
const sizes = {
  gsm: { alone: 160, joined: 153 },
  ucs2: { alone: 70, joined: 67 },
} as const;

/**
 * Returns the number of segments, at least 1. One character outside of GSM 03.38 makes the whole message UCS-2. A
 * character of two units is not divided between segments.
 */
export const textSegments = (body: string): number => {
  const characters = Array.from(body);
  const isInGsm = isGsm(body);
  const unitsOf = (character: string): number =>
    isInGsm ? (extended.has(character) ? 2 : 1) : character.length;
  const { alone, joined } = isInGsm ? sizes.gsm : sizes.ucs2;
  const units = characters.map(unitsOf);
  if (units.reduce((sum, one) => sum + one, 0) <= alone) return 1;
  let segments = 1;
  let used = 0;
  for (const size of units) {
    if (used + size > joined) {
      segments += 1;
      used = 0;
    }
    used += size;
  }
  return segments;
};
