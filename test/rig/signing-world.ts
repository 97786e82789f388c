import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import type { Kernel } from "../../src/dkms/kernel.ts";
import { readKernel } from "../../src/dkms/read-kernels.ts";
import type { KeyPair } from "../../src/dkms/signing/signing.ts";
import type { Parts } from "./parts.ts";
import { dkmsTree, type TreeBuilder } from "./tree-builder.ts";

export const release = "6.1.0-1";
export const series = "6.1";

/** A machine with one kernel that checks signatures with the given hash, and no sign-file. */
export function signingWorld(hash: string | undefined = "sha256"): TreeBuilder {
  const tree = dkmsTree().kernel(release);
  const option = hash === undefined ? "" : `CONFIG_MODULE_SIG_HASH="${hash}"\n`;
  tree.write(`usr/src/linux-headers-${release}/include/config/auto.conf`, `CONFIG_MODULES=y\n${option}`);
  return tree;
}

export function kernelOf(tree: TreeBuilder): Kernel {
  const kernel = readKernel(tree.host(), { release, arch: "x86_64" });
  if (!kernel) throw new Error("the kernel is not there");
  return kernel;
}

/** A program of the given text, below the root. */
export function writeProgram(tree: TreeBuilder, file: string, text = "#!/bin/sh\n"): string {
  const place = tree.write(file, text);
  fs.chmodSync(place, 0o755);
  return place;
}

/** The kernel's own sign-file. */
export function realSignFile({ newer }: Parts["two-kernels"]): string {
  return path.join(newer.directory, "scripts/sign-file");
}

/** A key and its certificate, which openssl makes. */
export function makePair(directory: string, name = "a", options: readonly string[] = []): KeyPair {
  fs.mkdirSync(directory, { recursive: true });
  const [key, certificate] = [path.join(directory, `${name}.key`), path.join(directory, `${name}.der`)];
  const usual = ["req", "-new", "-x509", "-nodes", "-days", "9", "-subj", `/CN=key ${name}`, "-outform", "DER"];
  const kind = options.includes("-newkey") ? [] : ["-newkey", "rsa:2048"];
  execFileSync("openssl", [...usual, ...kind, ...options, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  return { key, certificate };
}
