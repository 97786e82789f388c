import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname } from "node:path";
import { type Machine, machine } from "../test/rig/machine.ts";
import { type CorpusPackage, findPart, type LinuxImage } from "../test/rig/parts.ts";
import { agent, type Bench } from "./bench.ts";
import { measure } from "./measure.ts";
import { need } from "./need.ts";

/** Twelve packages that build for Debian 12's kernel: small ones, large ones, of one object and of many. */
const packages = [
  "acpi-call-dkms",
  "bbswitch-dkms",
  "ddcci-dkms",
  "evdi-dkms",
  "gost-crypto-dkms",
  "nat-rtsp-dkms",
  "jool-dkms",
  "dm-writeboost-dkms",
  "tp-smapi-dkms",
  "v4l2loopback-dkms",
  "vpoll-dkms",
  "xtables-addons-dkms",
];

/** A new kernel with a dozen modules: what an upgrade takes. */
export const kernelUpgrade: Bench = {
  name: "kernel-upgrade",
  question:
    "twelve of Debian's module packages for one kernel, against dkms autoinstall and against the compiler alone",
  run: () => {
    const image = need("linux-image");
    const modules = chooseModules();
    const own = machine({
      layers: { "/usr/src": ["/usr/src"], "/lib/modules": [dirname(image.modules), "/lib/modules"] },
    });
    try {
      for (const one of modules) cpSync(one.directory, sourceOf(own, one), { recursive: true });
      const { command } = need("dkms");
      const document = writeDocument(own, modules, image.release);
      const apply = [process.execPath, agent, "apply", "-f", document, "--allow-insecure-files"];
      const autoinstall = [...command, "autoinstall", "-k", image.release];
      // The first run makes the signing key, and reads from the disk what all further ones find in memory.
      own.run(apply);
      const before = () => forget(own, modules, command);
      const bare = writeBareMakes(own, modules, image);
      const [ours, theirs, least] = measure(
        [
          { name: "dkms-agent apply", before, command: own.command(counted(apply)) },
          {
            name: "dell/dkms autoinstall",
            before: () => {
              before();
              for (const { name, version } of modules) own.run([...command, "add", `${name}/${version}`]);
            },
            command: own.command(counted(autoinstall)),
          },
          { name: "make alone, one after another", before, command: own.command(["bash", bare]) },
        ],
        1,
      );
      if (!ours || !theirs || !least) throw new Error("Three commands give three measurements.");
      const ms = processorMs(least.stdout) / availableParallelism();
      const compiler = { ...least, name: "make's processor time, shared out", medianMs: ms, fastestMs: ms };
      return {
        comparisons: [
          { ours, theirs, target: 0.6, least: compiler },
          { ours, theirs: compiler, target: 1.15 },
        ],
        notes: [
          `${availableParallelism()} processors; make alone took ${seconds(least.fastestMs)}.`,
          `Processor time: ${[ours, theirs, least].map((one) => `${one.name} ${seconds(processorMs(one.stdout))}`).join(", ")}.`,
          "Nobody can share out the start, depmod, which has one processor for itself, and what comes after it.",
        ],
      };
    } finally {
      own.remove();
    }
  },
};

/** The command, and after what it prints the processor time that it and all its children took. */
function counted(command: readonly string[]): readonly string[] {
  return ["bash", "-c", '"$@" && times', "bash", ...command];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function chooseModules(): readonly CorpusPackage[] {
  const lookup = findPart("corpus");
  const found = lookup.found ? lookup.part.packages.filter((one) => packages.includes(one.package)) : [];
  if (found.length === packages.length) return found;
  throw new Error("This bench needs the corpus of module packages: npm run test:corpus brings it.");
}

function sourceOf(own: Machine, { directory }: CorpusPackage): string {
  return own.at("/usr/src", basename(directory));
}

function writeDocument(own: Machine, modules: readonly CorpusPackage[], release: string): string {
  const entries = modules.map(({ name, version }) => `  - {name: "${name}", version: "${version}"}`);
  const document = own.at("/etc/dkms", "modules.yaml");
  writeFileSync(document, `apiVersion: dkms-agent/v1\nkernels: ["${release}"]\nmodules:\n${entries.join("\n")}\n`);
  return "/etc/dkms/modules.yaml";
}

/** As before the upgrade: the kernel is there, and no module is added. */
function forget(own: Machine, modules: readonly CorpusPackage[], command: readonly string[]): void {
  for (const { name, version } of modules) own.run([...command, "remove", `${name}/${version}`, "--all"]);
  for (const { name } of modules) rmSync(own.at("/var/lib/dkms", name), { recursive: true, force: true });
}

/**
 * A script that does for each module what nobody can save: the commands that its log tells of, patches and make, on a
 * copy of its source, in the directory that its dkms.conf names. It ends with the processor time of all of them.
 */
function writeBareMakes(own: Machine, modules: readonly CorpusPackage[], { release }: LinuxImage): string {
  const blocks = modules.map(({ name, version, directory }) => {
    const log = own.at("/var/lib/dkms", name, version, release, "x86_64/log/make.log");
    const lines = [...readFileSync(log, "utf8").matchAll(/^# command: (.*)$/gm)].map(([, line]) => line);
    const build = `/var/lib/dkms/${name}/${version}/build`;
    const copy = [`mkdir -p ${dirname(build)}`, `cp -a /usr/src/${basename(directory)} ${build}`, `cd ${build}`];
    const variables = "source_tree=/usr/src dkms_tree=/var/lib/dkms";
    return `(${variables}; ${[...copy, ...lines].join(" && ")}) > /dev/null 2>&1 || exit 1`;
  });
  writeFileSync(own.at("/etc/dkms", "bare.sh"), `${blocks.join("\n")}\ntimes\n`);
  return "/etc/dkms/bare.sh";
}

/** The last line of bash's `times` is about its children: user and system time. */
function processorMs(stdout: string): number {
  const [user = Number.NaN, system = Number.NaN] = [
    ...(stdout.trim().split("\n").at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g),
  ].map(([, minutes, seconds]) => Number(minutes) * 60_000 + Number(seconds) * 1000);
  return user + system;
}
