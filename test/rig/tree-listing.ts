import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";

/** One line for everything below a directory, sorted: kind, mode, path, content. Two equal listings: the same tree. */
export function treeListing(directory: string, except: (path: string) => boolean = () => false): string[] {
  return listTree(directory, { except, content: (bytes) => bytes });
}

/** As {@link treeListing}, with the signatures at the end of kernel objects cut off. */
export function unsignedListing(directory: string, except: (path: string) => boolean): string[] {
  return listTree(directory, { except, content: withoutSignature });
}

interface ListingOptions {
  readonly except: (path: string) => boolean;
  readonly content: (bytes: Buffer) => Buffer;
}

function listTree(directory: string, { except, content }: ListingOptions): string[] {
  const lines: string[] = [];
  const visit = (path: string): void => {
    const name = relative(directory, path);
    const stat = lstatSync(path);
    if (name !== "" && except(name)) return;
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isSymbolicLink()) lines.push(`link ${name} -> ${readlinkSync(path)}`);
    else if (stat.isDirectory()) lines.push(`directory ${mode} ${name}`);
    // Such as the whiteout that stands in an overlay for a file that was removed.
    else if (!stat.isFile()) lines.push(`special ${mode} ${name}`);
    else
      lines.push(
        `file ${mode} ${name} ${createHash("sha256")
          .update(content(readFileSync(path)))
          .digest("hex")}`,
      );
    if (stat.isDirectory()) for (const entry of readdirSync(path).sort()) visit(join(path, entry));
  };
  visit(directory);
  return lines;
}

/** The signature, twelve bytes that end in its length, and the mark (the kernel's scripts/sign-file.c). */
function withoutSignature(bytes: Buffer): Buffer {
  const mark = "~Module signature appended~\n";
  const end = bytes.length - mark.length;
  if (end < 12 || bytes.toString("latin1", end) !== mark) return bytes;
  return bytes.subarray(0, end - 12 - bytes.readUInt32BE(end - 4));
}

/** The paths of files and links below a directory, sorted. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}
