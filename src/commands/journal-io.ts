import type { Io, Sink } from "./io.ts";

/** Which of the two outputs lead to the journal. */
export interface JournalOutputs {
  readonly out: boolean;
  readonly err: boolean;
}

/** The same outputs, with the priority in front of each line that goes to the journal (sd-daemon(3)). */
export function journalIo({ out, err }: Io, isJournal: JournalOutputs): Io {
  return {
    out: isJournal.out ? prioritized(out, () => 6) : out,
    err: isJournal.err ? prioritized(err, (text) => (/^(?:.*: )?error: /m.test(text) ? 3 : 4)) : err,
  };
}

/** What is written at once is about one thing, and so of one priority. */
function prioritized(sink: Sink, priorityOf: (text: string) => number): Sink {
  return {
    ...sink,
    write: (text) => {
      const lines = text.split("\n").filter((line) => line.trim() !== "");
      const priority = priorityOf(text);
      sink.write(lines.map((line) => `<${priority}>${line}\n`).join(""));
    },
  };
}
