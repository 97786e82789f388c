import { type DirectiveName, directiveNames } from "../dkms/conf/raw-conf.ts";
import { didYouMean } from "../dkms/did-you-mean.ts";
import type { Fault } from "./diagnostic.ts";
import { quote } from "./source-text.ts";

/** What DKMS reads from a dkms.conf and can have several of, numbered from 0. */
export const numberedDirectives: readonly DirectiveName[] = [
  "BUILD_DEPENDS",
  "BUILT_MODULE_LOCATION",
  "BUILT_MODULE_NAME",
  "DEST_MODULE_LOCATION",
  "DEST_MODULE_NAME",
  "MAKE",
  "MAKE_MATCH",
  "PATCH",
  "PATCH_MATCH",
  "STRIP",
];

/** What DKMS once read; it still accepts them, and they do nothing. */
export const deprecatedDirectives: readonly DirectiveName[] = [
  "CLEAN",
  "MODULES_CONF",
  "MODULES_CONF_ALIAS_TYPE",
  "MODULES_CONF_OBSOLETES",
  "MODULES_CONF_OBSOLETE_ONLY",
  "REMAKE_INITRD",
];

/** What DKMS reads from a dkms.conf once. */
export const singleDirectives: readonly DirectiveName[] = directiveNames
  .filter((name) => !numberedDirectives.includes(name) && !deprecatedDirectives.includes(name))
  .sort();

/** Why a text does not name a directive, with or without an index; `undefined` if it does. */
export function directiveNameFault(text: string): Fault | undefined {
  const [, name = text, index] = /^(.*?)(?:\[(.*)\])?$/s.exec(text) ?? [];
  if (isIn(numberedDirectives, name)) return index === undefined ? undefined : indexFault(text, index);
  if (!isIn(singleDirectives, name) && !isDeprecatedDirective(name)) return unknown(name);
  if (index === undefined || name.startsWith("MODULES_CONF")) return undefined;
  return bad(`There is only one ${name} in a dkms.conf, so it takes no index.`, `Write "${name}".`);
}

/** Whether a directive of this name is accepted and does nothing. */
export function isDeprecatedDirective(text: string): boolean {
  return isIn(deprecatedDirectives, text.replace(/\[.*$/s, ""));
}

function isIn(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

function indexFault(text: string, index: string): Fault | undefined {
  // No module has a thousand objects; a huge index would make DKMS look for as many.
  return /^\d{1,3}$/.test(index) ? undefined : bad(`${quote(text)} has no usable index.`, "An index is 0 to 999.");
}

function unknown(name: string): Fault {
  const otherwise = "Directives are spelled as in dkms.conf, for example STRIP or MAKE[0].";
  const hint = didYouMean(name, [...numberedDirectives, ...singleDirectives]) ?? otherwise;
  return { code: "E_UNKNOWN_KEY", message: `${quote(name)} is not a directive of dkms.conf.`, hint };
}

function bad(message: string, hint: string): Fault {
  return { code: "E_BAD_VALUE", message, hint };
}
