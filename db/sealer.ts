/** Seals credentials before they reach a row. The key ring of `infra/encryption` is one. */
export interface Sealer {
  /** The associated data is authenticated with the text: opening with another throws. */
  seal(plaintext: string, associatedData: string): string;
  open(sealed: string, associatedData: string): string;
}
