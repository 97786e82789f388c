import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";

/** One line for everything below a directory, sorted: kind, mode, path, content. Two equal listings: the same tree. */
export function treeListing(directory: string, except: (path: string) => boolean = () => false): string[] {
  const lines: string[] = [];
  const visit = (path: string): void => {
    const name = relative(directory, path);
    const stat = lstatSync(path);
    if (name !== "" && except(name)) return;
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isSymbolicLink()) lines.push(`link ${name} -> ${readlinkSync(path)}`);
    else if (stat.isDirectory()) lines.push(`directory ${mode} ${name}`);
    else lines.push(`file ${mode} ${name} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`);
    if (stat.isDirectory()) for (const entry of readdirSync(path).sort()) visit(join(path, entry));
  };
  visit(directory);
  return lines;
}

/** The paths of files and links below a directory, sorted. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}
