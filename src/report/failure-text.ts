import type { Failure } from "../dkms/failure.ts";
import { hang, paint, printable, type Terminal, wrap } from "./terminal.ts";
import { lines, sentence } from "./words.ts";

/** What failed, where, what its log said last, and what to do now. */
export function failureText(failure: Failure, terminal: Terminal, what = ""): string {
  const { code, message, path, remedy, log } = failure;
  const [first = "", ...more] = message.split("\n");
  const head = wrap(`${what}${printable(sentence(first))} [${code}]`, terminal.columns - "error: ".length);
  const [start = "", ...rest] = head;
  // The message often names the path; twice would be noise.
  const where = path !== undefined && !message.includes(path) && path !== log?.path ? [`    in ${path}`] : [];
  const bar = paint(terminal, "quiet", "|");
  const tail = [...more, ...(log?.tail ?? [])].map((line) => `    ${bar} ${printable(line)}`);
  const logged = log ? [`    the whole log: ${log.path}`] : [];
  const todo = remedy === undefined ? [] : hang("    → ", sentence(remedy), terminal.columns);
  const told = [`${paint(terminal, "bad", "error:")} ${start}`, ...rest.map((line) => `    ${line}`)];
  return lines([...told, ...where, ...tail, ...logged, ...todo]);
}
