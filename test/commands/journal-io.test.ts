import { suite } from "uvu";
import * as assert from "uvu/assert";
import { journalIo } from "../../src/commands/journal-io.ts";
import { plainTerminal } from "../../src/report/terminal.ts";

function written(isJournal: boolean) {
  const texts: string[] = [];
  const sink = { terminal: plainTerminal, isBegun: false, write: (text: string) => void texts.push(text) };
  return { texts, io: journalIo({ out: sink, err: sink }, { out: isJournal, err: isJournal }) };
}

const journal = suite("journalIo");

journal("each line has the priority of what it is part of, and empty ones are left out", () => {
  const { texts, io } = written(true);
  io.out.write("Applied: 1 step done.\n\n");
  io.err.write("error: make failed [E_MAKE]\n    | last line\n");
  io.err.write("/etc/a.yaml:1:1: error: no [E_X]\n  1 | x\n");
  io.err.write("/etc/a.yaml:1:1: warning: no [W_X]\n");
  assert.equal(texts, [
    "<6>Applied: 1 step done.\n",
    "<3>error: make failed [E_MAKE]\n<3>    | last line\n",
    "<3>/etc/a.yaml:1:1: error: no [E_X]\n<3>  1 | x\n",
    "<4>/etc/a.yaml:1:1: warning: no [W_X]\n",
  ]);
});

journal("elsewhere the lines are as they are", () => {
  const { texts, io } = written(false);
  io.out.write("a\n\n");
  io.err.write("error: b\n");
  assert.equal(texts, ["a\n\n", "error: b\n"]);
});

journal.run();
