import * as z from "zod/mini";
import { daemonSchema } from "./daemon-schema.ts";
import type { Fault } from "./diagnostic.ts";
import { durationPattern, parseDuration, parseWait, waitPattern } from "./duration.ts";
import { parseCount, parseJobCount, parseSize } from "./size.ts";
import { quote } from "./source-text.ts";
import { errorOf, text } from "./text-field.ts";

function placeFault(value: string): Fault | undefined {
  const problem = placeProblem(value);
  if (problem === undefined) return undefined;
  const hint = "Write the whole path, beginning with a slash.";
  return { code: "E_BAD_VALUE", message: `${value === "" ? "The path" : quote(value)} ${problem}.`, hint };
}

function placeProblem(value: string): string | undefined {
  if (value === "") return "is empty";
  if (value.includes("\0")) return "contains a NUL character";
  if (Buffer.byteLength(value) > 4095) return "is longer than 4095 bytes";
  return value.startsWith("/") ? undefined : "is not an absolute path";
}

/** `$kernelver` is the only thing that a path can depend on. */
function kernelPlaceFault(value: string): Fault | undefined {
  const fault = placeFault(value);
  if (fault || !value.replace(/\$(?:kernelver\b|\{kernelver\})/g, "").includes("$")) return fault;
  const message = `${quote(value)} names a variable that is not known here.`;
  return { code: "E_BAD_VALUE", message, hint: "$kernelver stands for the kernel's release; there are no others." };
}

function keyFault(value: string): Fault | undefined {
  return /^pkcs11:./.test(value) && !value.includes("\0") ? undefined : kernelPlaceFault(value);
}

function place(faultOf: (value: string) => Fault | undefined, description: string, examples: readonly string[]) {
  return z.optional(text(faultOf, { description, examples }));
}

/** node_exporter reads no other; and nothing else is overwritten by a slip. */
function metricsFault(value: string): Fault | undefined {
  const fault = placeFault(value);
  if (fault || /[^/]\.prom$/.test(value)) return fault;
  const message = `${quote(value)} does not end in ".prom".`;
  return { code: "E_BAD_VALUE", message, hint: "node_exporter reads only files that do." };
}

function tree(what: string, usual: string) {
  const description = `${what}, below --root. Default: what framework.conf says, else ${usual}. The command line beats it.`;
  return place(placeFault, description, [usual]);
}

/** An archive's entries, unpacked to packed: numbers that no archive needs to go beyond. */
export const mostEntries = 10_000_000;
export const mostRatio = 100_000;

function size(what: string, usual: string) {
  const description = `${what} Default: ${usual}.`;
  return z.optional(
    text(errorOf(parseSize), { description, examples: [usual], pattern: "^[0-9]{1,15}[KMG]?$", default: usual }),
  );
}

function count(what: string, { usual, most }: { usual: string; most: number }) {
  const faultOfCount = errorOf((value: string) => parseCount(value, most));
  const description = `${what} Default: ${usual}.`;
  return z.optional(
    text(faultOfCount, { description, examples: [usual], pattern: "^[1-9][0-9]{0,9}$", default: usual }),
  );
}

/** The agent's settings: the file's shape, and the rules that concern one value alone. */
export const settingsSchema = z
  .strictObject({
    signing: z.optional(
      z.enum(["required", "optional", "off"]).check(
        z.meta({
          description:
            "Whether modules are signed: an unsigned module is a failure, or a notice, or none is signed. Default: optional.",
          examples: ["required"],
          default: "optional",
        }),
      ),
    ),
    sign_file: place(
      kernelPlaceFault,
      "The program that signs, called like the kernel's scripts/sign-file. $kernelver stands for the kernel's release. Default: framework.conf's sign_file, else the distribution's.",
      ["/usr/lib/linux-kbuild-6.1/scripts/sign-file", "/usr/src/linux-headers-$kernelver/scripts/sign-file"],
    ),
    signing_key: place(
      keyFault,
      "The private key (PEM, without a passphrase), or pkcs11:... for a token's; only with certificate. Default: framework.conf's mok_signing_key, on Ubuntu /var/lib/shim-signed/mok/MOK.priv, else mok.key in the DKMS tree, which is made if it is not there.",
      ["/root/module-signing/mok.key", "pkcs11:token=modules;object=signing"],
    ),
    certificate: place(
      kernelPlaceFault,
      "The key's certificate (DER or PEM); only with signing_key. Default: framework.conf's mok_certificate, on Ubuntu /var/lib/shim-signed/mok/MOK.der, else mok.pub in the DKMS tree.",
      ["/root/module-signing/mok.der"],
    ),
    jobs: z.optional(
      text(errorOf(parseJobCount), {
        description:
          "How many jobs all builds together may run. Default: framework.conf's parallel_jobs, else the number of processors, and one more when the last build begins. The command line beats it.",
        examples: ["4"],
        pattern: "^[1-9][0-9]{0,3}$",
      }),
    ),
    build_timeout: z.optional(
      text(errorOf(parseDuration), {
        description: "How long one build may take, for modules that do not say it themselves. Default: 30m.",
        examples: ["1h30m"],
        pattern: durationPattern,
        default: "30m",
      }),
    ),
    lock_timeout: z.optional(
      text(errorOf(parseWait), {
        description: "How long to wait for another run; 0 for not at all. Default: 30s. The command line beats it.",
        examples: ["5m", "0"],
        pattern: waitPattern,
        default: "30s",
      }),
    ),
    hooks: z.optional(
      z.enum(["lenient", "strict"]).check(
        z.meta({
          description:
            "What a kernel hook answers to the package manager when its run fails: success, so that the packages are installed all the same, or the exit code of apply. Default: lenient.",
          examples: ["strict"],
          default: "lenient",
        }),
      ),
    ),
    tarball_entries: count("How many files a tarball may hold; one with more is refused.", {
      usual: "100000",
      most: mostEntries,
    }),
    tarball_size: size("How large a tarball may be when it is unpacked; a larger one is refused.", "4G"),
    tarball_file_size: size("How large one file in a tarball may be; a larger one is refused.", "1G"),
    tarball_ratio: count("How many times its own size a tarball may unpack to; more is taken for an attack.", {
      usual: "200",
      most: mostRatio,
    }),
    daemon: z.optional(daemonSchema),
    metrics_file: place(
      metricsFault,
      "Where each run leaves its figures for the textfile collector of node_exporter, below --root. Default: nowhere.",
      ["/var/lib/prometheus/node-exporter/dkms_agent.prom"],
    ),
    dkms_tree: tree("Where DKMS keeps its modules", "/var/lib/dkms"),
    source_tree: tree("Where module sources are", "/usr/src"),
    install_tree: tree("Where kernels keep their modules", "/lib/modules"),
  })
  .check(
    z.meta({ title: "dkms-agent settings", description: "/etc/dkms-agent/config.yaml: every key may be left out." }),
  );

/** Settings that fit the schema. */
export type SettingsShape = z.infer<typeof settingsSchema>;
