import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import type { ModuleId } from "../../src/dkms/id.ts";
import { cachedParts, partsDirectory } from "./cached-parts.ts";
import { debianArch, type HeadersOfKernel, kernelsWithHeaders, usualKernels } from "./kernels-with-headers.ts";

/** The contents of a distribution's kernel package, extracted and not installed. */
export interface LinuxImage {
  readonly release: string;
  /** The top of the extracted package. */
  readonly directory: string;
  readonly vmlinuz: string;
  /** The kernel's install tree: `…/lib/modules/<release>`. */
  readonly modules: string;
}

export interface ModuleSource extends ModuleId {
  readonly directory: string;
}

export interface CorpusPackage extends ModuleSource {
  /** The package: `v4l2loopback-dkms`. */
  readonly package: string;
}

/** dell/dkms, extracted and not installed. */
export interface Dkms {
  readonly script: string;
  /** Program and first argument: put the arguments of dkms behind them. */
  readonly command: readonly [string, string];
  /** As Debian numbers it, `3.2.2-1~deb13u1`. */
  readonly version: string;
}

export interface Program {
  readonly path: string;
}

export interface Parts {
  /** Every kernel with headers, oldest first; at least one. */
  readonly headers: { readonly kernels: readonly HeadersOfKernel[] };
  /** The two newest kernels of one series and of the distribution's usual flavour. */
  readonly "two-kernels": { readonly older: HeadersOfKernel; readonly newer: HeadersOfKernel };
  readonly "rt-kernel": HeadersOfKernel;
  /** The newest kernel of a later series than that of `two-kernels`. */
  readonly "later-kernel": HeadersOfKernel;
  readonly "linux-image": LinuxImage;
  readonly dkms: Dkms;
  /** `directory` holds one `<name>-<version>` for each module. */
  readonly "module-sources": { readonly directory: string; readonly modules: readonly ModuleSource[] };
  /** Packages with modules, to compare two commands by: a fixed sample, or all after a preparation for the corpus. */
  readonly corpus: { readonly packages: readonly CorpusPackage[] };
  /** A Debian system with the package dkms and the headers of `linux-image`; `npm run test:apt` makes it. */
  readonly "debian-root": { readonly directory: string };
  /** What a kernel's packages and initramfs-tools take over `debian-root`; `npm run test:hooks` makes it. */
  readonly "kernel-layer": { readonly directory: string; readonly release: string };
  readonly gcc: Program;
  readonly make: Program;
  readonly kmod: Program;
  readonly patch: Program;
  readonly xz: Program;
  readonly bzip2: Program;
  readonly zstd: Program;
  readonly flock: Program;
  readonly unshare: Program;
  readonly openssl: Program;
  /** With rpmbuild beside it. */
  readonly rpm: Program;
  readonly cpio: Program;
  /** ansible-playbook, with ansible-doc and ansible-galaxy beside it. */
  readonly ansible: Program;
  /** What ansible-test needs to check modules, without fetching it. */
  readonly voluptuous: Program;
  readonly yamllint: Program;
  /** With the Resource API, and puppet-lint beside it. */
  readonly puppet: Program;
  readonly zsh: Program;
  readonly fish: Program;
  readonly man: Program;
  readonly mandoc: Program;
  readonly "kernel-install": Program;
  readonly promtool: Program;
  readonly qemu: Program;
  /** Statically linked, so that it runs alone in an initramfs. */
  readonly busybox: Program;
  readonly root: { readonly uid: 0 };
}

export type PartName = keyof Parts;

export interface MissingPart {
  readonly found: false;
  /** The Debian package that brings it; for `root`, the word root. */
  readonly needs: string;
}

export type PartLookup<N extends PartName> = { readonly found: true; readonly part: Parts[N] } | MissingPart;

/** Looks for one part on this machine and in the cache that `.dev/prepare.mjs` fills; changes nothing. */
export function findPart<N extends PartName>(name: N): PartLookup<N> {
  return finders[name]();
}

const finders: { readonly [N in PartName]: () => PartLookup<N> } = {
  headers: () => {
    const kernels = kernelsWithHeaders();
    return kernels.length > 0 ? found({ kernels }) : missing(`linux-headers-${debianArch()}`);
  },
  "two-kernels": () => {
    const [newer, older] = usualKernels();
    return older && newer ? found({ older, newer }) : missing("linux-headers of two releases of one series");
  },
  "rt-kernel": () => {
    const kernel = kernelsWithHeaders().findLast(({ flavour }) => /^rt\b/.test(flavour));
    return kernel ? found(kernel) : missing("linux-headers of an -rt- kernel");
  },
  "later-kernel": () => {
    const base = usualKernels()[0];
    const kernel = kernelsWithHeaders().findLast(({ flavour }) => flavour === base?.flavour);
    return kernel && kernel.series !== base?.series ? found(kernel) : missing("linux-headers of a later series");
  },
  "linux-image": findLinuxImage,
  dkms: () => {
    const entry = cachedParts("dkms")[0];
    if (!entry) return missing("dkms");
    const script = join(entry.directory, "usr/sbin/dkms");
    return found({ script, command: ["bash", script], version: entry.version });
  },
  "module-sources": () => {
    const modules = cachedParts("module-sources").map(({ directory }) => toModuleSource(directory));
    return modules.length > 0
      ? found({ directory: join(partsDirectory(), "module-sources"), modules })
      : missing("v4l2loopback-dkms");
  },
  corpus: () => {
    const packages = cachedParts("corpus").map((entry) => ({
      ...toModuleSource(entry.directory),
      package: entry.package,
    }));
    return packages.length > 0 ? found({ packages }) : missing("v4l2loopback-dkms");
  },
  "debian-root": () => {
    const entry = cachedParts("debian-root")[0];
    return entry ? found({ directory: entry.directory }) : missing("debootstrap");
  },
  "kernel-layer": () => {
    const entry = cachedParts("kernel-layer")[0];
    if (!entry) return missing("debootstrap");
    return found({ directory: entry.directory, release: basename(entry.directory) });
  },
  gcc: () => program("gcc", "gcc"),
  make: () => program("make", "make"),
  kmod: () => program("kmod", "kmod"),
  patch: () => program("patch", "patch"),
  xz: () => program("xz", "xz-utils"),
  bzip2: () => program("bzip2", "bzip2"),
  zstd: () => program("zstd", "zstd"),
  flock: () => program("flock", "util-linux"),
  unshare: () => program("unshare", "util-linux"),
  openssl: () => program("openssl", "openssl"),
  rpm: () => program("rpm", "rpm"),
  ansible: () => program("ansible-playbook", "ansible-core"),
  voluptuous: () => {
    const path = "/usr/lib/python3/dist-packages/voluptuous/__init__.py";
    return existsSync(path) ? found({ path }) : missing("python3-voluptuous");
  },
  yamllint: () => program("yamllint", "yamllint"),
  cpio: () => program("cpio", "cpio"),
  puppet: findPuppet,
  zsh: () => program("zsh", "zsh"),
  fish: () => program("fish", "fish"),
  man: () => program("man", "man-db"),
  mandoc: () => program("mandoc", "mandoc"),
  "kernel-install": () => program("kernel-install", "systemd"),
  promtool: () => {
    const entry = cachedParts("promtool")[0];
    return entry ? found({ path: join(entry.directory, "promtool") }) : missing("prometheus");
  },
  qemu: () => program("qemu-system-x86_64", "qemu-system-x86"),
  busybox: findBusybox,
  root: () => (process.getuid?.() === 0 ? found({ uid: 0 }) : missing("root")),
};

function found<T>(part: T): { readonly found: true; readonly part: T } {
  return { found: true, part };
}

function missing(needs: string): MissingPart {
  return { found: false, needs };
}

function findLinuxImage(): PartLookup<"linux-image"> {
  const built = new Set(kernelsWithHeaders().map(({ release }) => release));
  const entry = cachedParts("linux-image").find(({ directory }) => built.has(basename(directory)));
  if (!entry) return missing(`linux-image-${usualKernels()[0]?.release ?? debianArch()}`);
  const { directory } = entry;
  const release = basename(directory);
  const lib = existsSync(join(directory, "lib/modules")) ? "lib" : "usr/lib";
  return found({
    release,
    directory,
    vmlinuz: join(directory, "boot", `vmlinuz-${release}`),
    modules: join(directory, lib, "modules", release),
  });
}

/** Puppet's own packages have the Resource API in them, Debian's has it in another package. */
function findPuppet(): PartLookup<"puppet"> {
  const resourceApi = "/usr/lib/ruby/vendor_ruby/puppet/resource_api.rb";
  const lint = program("puppet-lint", "puppet-lint");
  if (!lint.found) return lint;
  return existsSync(resourceApi) ? program("puppet", "puppet-agent") : missing("ruby-puppet-resource-api");
}

function findBusybox(): PartLookup<"busybox"> {
  const lookup = program("busybox", "busybox-static");
  const isStatic = lookup.found && !readFileSync(lookup.part.path).includes("/ld-linux");
  return isStatic ? lookup : missing("busybox-static");
}

function toModuleSource(directory: string): ModuleSource {
  const conf = readFileSync(join(directory, "dkms.conf"), "utf8");
  const version = /^PACKAGE_VERSION="?([^"\n]+)/m.exec(conf)?.[1] ?? "";
  return { name: basename(directory).slice(0, -version.length - 1), version, directory };
}

function program(name: string, needs: string): { readonly found: true; readonly part: Program } | MissingPart {
  const { PATH = "" } = process.env;
  const directories = [...PATH.split(delimiter), "/usr/sbin", "/sbin"];
  const path = directories.map((directory) => join(directory, name)).find(isExecutable);
  return path ? found({ path }) : missing(needs);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
