/** Pieces of a manual page in the macros of man(7), which groff and mandoc both read. Each piece is whole lines. */

export interface PageTitle {
  readonly name: string;
  readonly section: number;
  /** `YYYY-MM-DD` */
  readonly date: string;
  readonly source: string;
  readonly manual: string;
}

/** The first lines of a page. */
export function title({ name, section, date, source, manual }: PageTitle): string {
  const words = [escaped(name.toUpperCase()), String(section), date, escaped(source), escaped(manual)];
  return `.TH ${words.map((word) => `"${word}"`).join(" ")}\n.nh\n.ad l\n`;
}

/** A section with its heading. */
export function section(heading: string, ...pieces: readonly string[]): string {
  return `.SH "${escaped(heading)}"\n${joined(pieces)}`;
}

/** A part of a section with a heading of its own. */
export function part(heading: string, ...pieces: readonly string[]): string {
  return `.SS "${escaped(heading)}"\n${joined(pieces)}`;
}

/** A heading is followed by a paragraph anyway. */
function joined(pieces: readonly string[]): string {
  return pieces.join("").replace(/^\.PP\n/, "");
}

/** A paragraph of prose. */
export function paragraph(text: string): string {
  return `.PP\n${line(text)}`;
}

/** Words in bold, and beside or below them what they mean. */
export function entry(words: string, ...meaning: readonly string[]): string {
  return `.TP\n.B ${escaped(words)}\n${meaning.map(line).join(".br\n")}`;
}

/** Lines as they stand, indented. */
export function verbatim(lines: readonly string[]): string {
  return `.PP\n.RS 4\n.nf\n${lines.map(line).join("")}.fi\n.RE\n`;
}

function line(text: string): string {
  const safe = escaped(text);
  // A line that begins with a full stop or an apostrophe would be a request.
  return `${/^[.']/.test(safe) ? "\\&" : ""}${safe}\n`;
}

/** So that every character comes out as itself, also where a terminal has other hyphens, quotes and accents. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("~", "\\(ti")
    .replaceAll("^", "\\(ha")
    .replaceAll("`", "\\(ga")
    .replaceAll("'", "\\(aq")
    .replaceAll('"', "\\(dq")
    .replace(/\n/g, " ");
}
