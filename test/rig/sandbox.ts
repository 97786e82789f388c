import fs from "node:fs";
import path from "node:path";

const units = path.join(import.meta.dirname, "../../packaging/systemd");

/**
 * What starts a program in the sandbox of dkms-agent-apply.service below a root, as far as that can be had without systemd:
 * its capabilities, the trees that it may write to and nothing else, no network. System calls and the rest of it are for the
 * virtual machine to see. `dropIn`: with the capabilities of builds.conf too.
 */
export function sandboxPrefix(root: string, { dropIn = false } = {}): readonly string[] {
  const unit = fs.readFileSync(path.join(units, "dkms-agent-apply.service"), "utf8");
  const wider = dropIn ? fs.readFileSync(path.join(units, "builds.conf"), "utf8") : "";
  const capabilities = [unit, wider]
    .flatMap((text) => valuesOf(text, "CapabilityBoundingSet"))
    .map((name) => `,+${name.replace(/^CAP_/, "").toLowerCase()}`);
  const state = valuesOf(unit, "StateDirectory").map((name) => path.join("/var/lib", name));
  fs.mkdirSync(path.join(root, state[0] ?? ""), { recursive: true });
  const writable = [...state, ...valuesOf(unit, "ReadWritePaths").map((place) => place.replace(/^-/, ""))]
    .map((place) => path.join(root, place))
    .filter((place) => fs.existsSync(place));
  const bounded = ["setpriv", "--no-new-privs", "--inh-caps=-all", `--bounding-set=-all${capabilities.join("")}`];
  return ["unshare", "--mount", "--net", "sh", "-c", enter, root, String(writable.length), ...writable, ...bounded];
}

/** `$0`: the root; then how many places may be written to, those, and the program. */
const enter = `
mount --bind "$0" "$0" || exit 99
count=$1; shift
while [ "$count" -gt 0 ]; do mount --bind "$1" "$1" || exit 99; shift; count=$((count - 1)); done
mount -o remount,bind,ro "$0" && mount -o remount,bind,ro / && exec "$@"
exit 99`;

function valuesOf(unit: string, key: string): readonly string[] {
  return unit.split("\n").flatMap((line) => (line.startsWith(`${key}=`) ? line.slice(key.length + 1).split(" ") : []));
}
