/** Tables for people, JSON for programs. */
import Table from 'cli-table3';

export interface Output {
  /** `data` is what `--json` prints; `lines` what a person reads. */
  show(data: unknown, lines: () => string): void;
}

export const outputTo = (write: (text: string) => void, json: boolean): Output => ({
  show: (data, lines) => write(json ? JSON.stringify(data, null, 2) : lines()),
});

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const drawn = new Table({ head: [...head], wordWrap: true, style: { head: [], border: [] } });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
};
