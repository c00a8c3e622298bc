/**
 * Splits a calendar into content lines, and joins them again (RFC 5545, section 3.1). A line that is not a property is
 * kept as it is, so that other programs' lines survive our changes.
 */
/** Returns the lines without their folding. Accepts every kind of line break. */
export const unfold = (text: string): readonly string[] =>
  text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/\n[ \t]/g, '')
    .split('\n')
    .filter((line) => line !== '');

/** Returns the lines as a text, folded after 75 octets. */
export const fold = (lines: readonly string[]): string =>
  lines.map((line) => `${foldLine(line)}\r\n`).join('');

const longestLine = 75;

/** `ical.js` has a function for this, whose continued lines have 76 octets. */
const foldLine = (line: string): string => {
  let folded = '';
  let size = 0;
  for (const character of line) {
    const octets = Buffer.byteLength(character);
    if (size + octets > longestLine) {
      folded += '\r\n ';
      size = 1;
    }
    folded += character;
    size += octets;
  }
  return folded;
};

/** Returns the upper-case name of the line's property; empty for a line that is none. */
export const nameOf = (line: string): string => /^[A-Za-z0-9-]+(?=[;:])/.exec(line)?.[0].toUpperCase() ?? '';

/** Returns the upper-case name of the component that a line such as `BEGIN:VEVENT` begins. */
export const begunBy = (line: string): string | undefined =>
  /^BEGIN:\s*([A-Za-z0-9-]+)\s*$/i.exec(line)?.[1]?.toUpperCase();

/** Returns the upper-case name of the component that a line such as `END:VEVENT` ends. */
export const endedBy = (line: string): string | undefined =>
  /^END:\s*([A-Za-z0-9-]+)\s*$/i.exec(line)?.[1]?.toUpperCase();

export interface Component {
  readonly name: string;
  /** The lines of its own properties. */
  readonly lines: readonly string[];
  readonly children: readonly Component[];
}

interface OpenComponent extends Component {
  readonly lines: string[];
  readonly children: OpenComponent[];
}

/**
 * Returns the components of a calendar. A component without an end ends with the text, and an end without a beginning is
 * ignored: one damaged event does not hide the others.
 */
export const readComponents = (lines: readonly string[]): readonly Component[] => {
  const root: OpenComponent = { name: '', lines: [], children: [] };
  const open: OpenComponent[] = [root];
  /** How many components with a name are open: looking for one that is not open would take as long as the text is deep. */
  const openNames = new Map<string, number>();
  /** Closes the innermost component with this name, and all components inside it. */
  const close = (name: string): void => {
    if (!openNames.get(name)) return;
    for (let closed = open.pop(); closed; closed = closed.name === name ? undefined : open.pop()) {
      openNames.set(closed.name, (openNames.get(closed.name) ?? 1) - 1);
    }
  };
  for (const line of lines) {
    const begun = begunBy(line);
    const ended = endedBy(line);
    if (begun !== undefined) {
      // An event is never inside another one: the END of the first is missing.
      if (begun === 'VEVENT') close('VEVENT');
      const component: OpenComponent = { name: begun, lines: [], children: [] };
      open.at(-1)?.children.push(component);
      open.push(component);
      openNames.set(begun, (openNames.get(begun) ?? 0) + 1);
    } else if (ended !== undefined) close(ended);
    else open.at(-1)?.lines.push(line);
  }
  return root.children;
};

/** Returns the components with this name at any depth. Without recursion: a text can nest them thousands of times. */
export const componentsNamed = (components: readonly Component[], name: string): readonly Component[] => {
  const found: Component[] = [];
  const waiting = components.toReversed();
  for (let component = waiting.pop(); component; component = waiting.pop()) {
    if (component.name === name) found.push(component);
    else for (const child of component.children.toReversed()) waiting.push(child);
  }
  return found;
};

/** Returns the lines of the component's own properties with this name. */
export const linesNamed = ({ lines }: Component, name: string): readonly string[] =>
  lines.filter((line) => nameOf(line) === name);

/** Returns a text as the value of a property (RFC 5545, section 3.3.11). Servers reject control characters. */
export const escapeText = (text: string): string =>
  Array.from(text.replaceAll(/\r\n?/g, '\n'))
    .filter((character) => character >= ' ' || character === '\n' || character === '\t')
    .map((character) => escapes[character] ?? character)
    .join('');

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', ';': '\\;', ',': '\\,', '\n': '\\n' };
