import { moduleNameProblem, versionProblem } from "../dkms/id.ts";
import type { Fault } from "./diagnostic.ts";
import { quote } from "./source-text.ts";

/** Why a text cannot be a module's name; `undefined` if it can. */
export function nameFault(text: string): Fault | undefined {
  return componentFault("module name", text, moduleNameProblem(text));
}

/** Why a text cannot be a module's version; `*` alone is one (every version). `undefined` if it can. */
export function versionFault(text: string): Fault | undefined {
  return text === "*" ? undefined : componentFault("module version", text, versionProblem(text));
}

function componentFault(what: string, text: string, problem: string | undefined): Fault | undefined {
  if (problem !== undefined) return { code: "E_BAD_VALUE", message: `The ${what} ${shown(text)}${problem}.` };
  if (!/[*?[\]]/.test(text)) return undefined;
  const message = `The ${what} ${quote(text)} contains a character that stands for others in patterns.`;
  return { code: "E_BAD_VALUE", message, hint: 'Only "*" alone has a meaning: every version, with "state: absent".' };
}

function shown(text: string): string {
  return text === "" ? "" : `${quote(text)} `;
}

/** Why a text cannot be the path of a source directory; `undefined` if it can. */
export function sourceFault(text: string): Fault | undefined {
  if (text === "") return { code: "E_BAD_VALUE", message: "The source path is empty." };
  if (text.includes("\0")) return { code: "E_BAD_VALUE", message: "The source path contains a NUL character." };
  if (Buffer.byteLength(text) > 4095)
    return { code: "E_BAD_VALUE", message: "The source path is longer than 4095 bytes." };
  if (!text.startsWith("~")) return undefined;
  const message = `The source path ${quote(text)} begins with a tilde, which only a shell expands.`;
  return { code: "E_BAD_VALUE", message, hint: "Write the path out." };
}

/** Why a text cannot be the value of a directive; `undefined` if it can. */
export function directiveValueFault(text: string): Fault | undefined {
  if (!text.includes("\0")) return undefined;
  return { code: "E_BAD_VALUE", message: "The value of a directive cannot contain a NUL character." };
}

/** Why a text is neither yes nor no, as YAML spells them; `undefined` if it is. */
export function yesOrNoFault(text: string): Fault | undefined {
  if (text === "true" || text === "false") return undefined;
  return { code: "E_BAD_VALUE", message: `${quote(text)} is neither true nor false.` };
}
