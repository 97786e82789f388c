import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import type { ModuleId } from "../../src/dkms/id.ts";
import type { Dkms } from "./parts.ts";

export interface Trees {
  readonly dkmsTree: string;
  readonly sourceTree: string;
  readonly installTree: string;
}

export interface Surroundings {
  readonly release: string;
  readonly trees: Trees;
}

/** The variables of dell/dkms that hold what it makes of a dkms.conf: name -> index -> value; plain ones have index 0. */
export type DellValues = ReadonlyMap<string, ReadonlyMap<number, string>>;

/**
 * Watches dell/dkms read the dkms.conf of a module that is not added yet: its `add` is left to run until the function
 * that reads has returned, and then its variables are written out. The script itself is not changed; bash sources a file
 * of ours first, which sets the trap.
 */
export function dellValues(dkms: Dkms, { name, version }: ModuleId, at: Surroundings): DellValues {
  const { dkmsTree, sourceTree, installTree } = at.trees;
  const trap = path.join(dkmsTree, ".watch.bash");
  const answer = path.join(dkmsTree, ".answer");
  fs.writeFileSync(trap, watch);
  const [bash, script] = dkms.command;
  const options = ["--dkmstree", dkmsTree, "--sourcetree", sourceTree, "--installtree", installTree];
  const args = [script, "add", `${name}/${version}`, "-k", at.release, ...options];
  const env = { PATH: process.env.PATH, LC_ALL: "C", BASH_ENV: trap, WATCH_ANSWER: answer };
  const { stdout, stderr } = spawnSync(bash, args, { encoding: "utf8", cwd: "/", env });
  if (!fs.existsSync(answer)) throw new Error(`dell/dkms read no dkms.conf of ${name}:\n${stdout}${stderr}`);
  const values = parse(fs.readFileSync(answer, "utf8"));
  fs.rmSync(answer);
  return values;
}

/** What dell/dkms 3.2.2 calls its own copies of the directives, and the directives that it uses as they are. */
const names = [
  ...["package_name", "package_version", "num_modules", "make_command", "patch_array", "build_exclude", "obsolete_by"],
  ...["built_module_name", "built_module_location", "dest_module_name", "dest_module_location", "strip"],
  ...["pre_build", "post_build", "pre_install", "post_install", "post_remove", "post_add", "kernel_source_dir"],
  ...["BUILD_DEPENDS", "BUILD_DEPENDS_REBUILD", "AUTOINSTALL", "NO_WEAK_MODULES", "DEST_MODULE_LOCATION"],
  ...["BUILD_EXCLUSIVE_ARCH", "BUILD_EXCLUSIVE_CONFIG", "BUILD_EXCLUSIVE_KERNEL"],
  ...["BUILD_EXCLUSIVE_KERNEL_MIN", "BUILD_EXCLUSIVE_KERNEL_MAX"],
];

const watch = `unset BASH_ENV
dkms_watch() {
  [[ \${FUNCNAME[1]} == read_conf ]] || return
  trap - RETURN
  local name index
  for name in ${names.join(" ")}; do
    local -n variable=$name
    for index in "\${!variable[@]}"; do printf '%s\\0' "$name" "$index" "\${variable[index]}"; done
    unset -n variable
  done >"$WATCH_ANSWER"
  exit 0
}
set -o functrace
trap dkms_watch RETURN
`;

function parse(text: string): DellValues {
  const fields = text.split("\0");
  const values = new Map<string, Map<number, string>>();
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [name = "", index = "", value = ""] = fields.slice(at, at + 3);
    values.set(name, (values.get(name) ?? new Map<number, string>()).set(Number(index), value));
  }
  return values;
}
