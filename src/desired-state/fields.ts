import { moduleNameProblem, versionProblem } from "../dkms/id.ts";
import type { Fault } from "./diagnostic.ts";
import { quote } from "./source-text.ts";

/** Why a text cannot be a module's name; `undefined` if it can. */
export function nameFault(text: string): Fault | undefined {
  const fault = componentFault("module name", text, moduleNameProblem(text));
  if (!fault || !text.includes("/")) return fault;
  return { ...fault, hint: 'Write the name alone; "version" and "source", a directory, are keys of their own.' };
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
  return pathFault("source path", text);
}

/** Why a text cannot be the path of an archive; `undefined` if it can. */
export function tarballFault(text: string): Fault | undefined {
  const fault = pathFault("tarball path", text);
  if (fault || !/^\w+:\/\//.test(text)) return fault;
  const message = `The tarball path ${quote(text)} is an address, and nothing is fetched.`;
  return { code: "E_BAD_VALUE", message, hint: "Fetch the archive beforehand, and name the file." };
}

function pathFault(what: string, text: string): Fault | undefined {
  if (text === "") return { code: "E_BAD_VALUE", message: `The ${what} is empty.` };
  if (text.includes("\0")) return { code: "E_BAD_VALUE", message: `The ${what} contains a NUL character.` };
  if (Buffer.byteLength(text) > 4095) return { code: "E_BAD_VALUE", message: `The ${what} is longer than 4095 bytes.` };
  if (!text.startsWith("~")) return undefined;
  const message = `The ${what} ${quote(text)} begins with a tilde, which only a shell expands.`;
  return { code: "E_BAD_VALUE", message, hint: "Write the path out." };
}

/** Why a text cannot be a SHA-256 digest; `undefined` if it can. Either case will do. */
export function digestFault(text: string): Fault | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return undefined;
  const isHex = /^[0-9a-f]+$/i.test(text);
  const found = text === "" ? "is empty" : isHex ? `has ${text.length} digits` : "is not a hexadecimal number";
  const message = `The sha256 ${shown(text)}${found}; a SHA-256 digest has 64 hexadecimal digits.`;
  return { code: "E_BAD_VALUE", message, hint: "sha256sum FILE prints it." };
}

/** Why a text cannot be the value of a directive; `undefined` if it can. */
export function directiveValueFault(text: string): Fault | undefined {
  if (!text.includes("\0")) return undefined;
  return { code: "E_BAD_VALUE", message: "The value of a directive cannot contain a NUL character." };
}

/** Why a text is neither yes nor no, as YAML spells them; `undefined` if it is. */
export function yesOrNoFault(text: string): Fault | undefined {
  if (text === "true" || text === "false") return undefined;
  const meant = /^(yes|y|on|1|true)$/i.test(text) ? "true" : /^(no|n|off|0|false)$/i.test(text) ? "false" : undefined;
  const hint = `Write ${meant ?? "true or false"}.`;
  return { code: "E_BAD_VALUE", message: `${quote(text)} is neither true nor false.`, hint };
}
