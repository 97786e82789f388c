import type { FileStat } from "../../host/files.ts";
import type { Host } from "../../host/host.ts";
import type { CommandResult, Run } from "../../host/run.ts";

export interface SandboxedConf {
  /** What the file is called in messages; nothing needs to be there. */
  readonly file: string;
  readonly text: string;
}

/**
 * A host on which `file` has this text, and which starts programs only as nobody, without network, in processes,
 * read-only mounts and an empty directory of their own: for a dkms.conf that nobody has vouched for. Where that cannot
 * be had, which takes root and util-linux, nothing is started at all.
 */
export function sandboxedHost(host: Host, conf: SandboxedConf): Host {
  const { file, text } = conf;
  const stat: FileStat = { ...noStat, size: Buffer.byteLength(text) };
  return {
    ...host,
    files: {
      ...host.files,
      stat: (place) => (place === file ? stat : host.files.stat(place)),
      readText: (place) => (place === file ? text : host.files.readText(place)),
    },
    run: sandboxedRun(host, conf),
  };
}

const noStat: FileStat = {
  ...{ kind: "file", mode: 0o644, uid: 0, gid: 0, size: 0 },
  ...{ mtimeMs: 0, ctimeMs: 0, inode: 0, device: 0 },
};

/** Where the text lies for the programs: on a file system that ends with them. */
const place = "/tmp/dkms.conf";

/**
 * Everybody may write to some directories, so that all file systems are read-only in there, but for those that a look at may
 * hang: whose server is gone, or that are mounted by the look. Not every sh takes two limits at once; one that cannot be set
 * is lower already.
 */
const script = `
umask 022
while read -r _ at type _; do
  case $type in autofs | nfs* | cifs | smb3 | ceph | 9p | fuse*) continue ;; esac
  mount -o remount,bind,ro "$(printf %b "$at")" 2>/dev/null
done </proc/self/mounts
mount -t tmpfs -o size=4m,mode=0755 tmpfs /tmp && cat > ${place} && mkdir /tmp/empty && cd /tmp/empty || exit 125
for limit in '-f 2048' '-v 2097152'; do ulimit $limit 2>/dev/null; done
exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"`;

function sandboxedRun({ run, machine, findProgram }: Host, { file, text }: SandboxedConf): Run {
  return async (command) => {
    if (findProgram(command.file) === undefined) return { ...notStarted, ending: "missing" };
    if (machine.uid !== 0) return notStarted;
    const tool = ["unshare", "setpriv"].find((name) => findProgram(name) === undefined);
    if (tool) return { ...notStarted, stderr: `it is more than assignments, and ${tool} is not here` };
    const words = [command.file, ...command.args].map((word) => (word === file ? place : word));
    const namespaces = ["--mount", "--net", "--ipc", "--pid", "--fork", "--kill-child"];
    const args = [...namespaces, "sh", "-c", script, "sh", ...words];
    const result = await run({ ...command, file: "unshare", args, input: text });
    return result.stderr.startsWith("unshare: unshare failed") ? { ...notStarted, stderr: notAllowed } : result;
  };
}

const notStarted: CommandResult = {
  ...{ exitCode: 125, stdout: "", durationMs: 0 },
  ending: "exited",
  stderr: "it is more than assignments, and only root can evaluate that without running it as somebody",
};

/** As in a container, or in the sandbox of our systemd units. */
const notAllowed =
  "it is more than assignments, and the namespaces to evaluate it in are not allowed here; in the systemd units, the drop-in builds.conf allows them";
