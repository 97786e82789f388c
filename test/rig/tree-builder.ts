import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createHost, type HostOptions } from "../../src/host/create-host.ts";
import type { Host } from "../../src/host/host.ts";
import { fakeObject } from "./fake-object.ts";

/**
 * The trees of one machine, made in a few lines:
 *
 *     const tree = dkmsTree();
 *     tree.kernel("6.1.0-1").module("hello/1.0").built("6.1.0-1").installed("6.1.0-1");
 *     const { modules } = readTree(tree.host());
 *     tree.remove();
 *
 * Everything has the layout of dell/dkms on Debian; kernel objects are {@link fakeObject}s.
 */
export interface TreeBuilder {
  /** Stands for `/`. */
  readonly root: string;
  readonly kernel: (release: string, options?: KernelOptions) => TreeBuilder;
  /** Adds a module; what comes next is about it. */
  readonly module: (key: string, options?: ModuleOptions) => ModuleBuilder;
  /** Writes any file below the root, for what nobody else makes; its absolute path. */
  readonly write: (file: string, content: string | Uint8Array) => string;
  readonly link: (target: string, file: string) => void;
  readonly at: (...parts: readonly string[]) => string;
  readonly host: (options?: Omit<HostOptions, "root">) => Host;
  /** Options that make dell/dkms look at these trees. */
  readonly dkmsOptions: () => readonly string[];
  readonly remove: () => void;
}

export interface ModuleBuilder extends TreeBuilder {
  readonly built: (release: string, options?: InstanceOptions) => ModuleBuilder;
  /** Builds it first unless it is built already. */
  readonly installed: (release: string, options?: InstanceOptions & InstalledOptions) => ModuleBuilder;
}

export interface KernelOptions {
  /** Default: yes. */
  readonly headers?: boolean;
  readonly compressed?: "gz" | "xz" | "zst";
  /** modules.dep and a module of its own; default: yes. */
  readonly modules?: boolean;
}

export interface ModuleOptions {
  /** Object names without suffix; default: the module's name. */
  readonly objects?: readonly string[];
  /** Default: one that names the objects. */
  readonly conf?: string;
  /** More files of the source: name below it -> content. */
  readonly source?: Readonly<Record<string, string>>;
  readonly link?: "linked" | "dangling" | "missing";
  /** As DEST_MODULE_LOCATION; default: /updates/dkms. */
  readonly destination?: string;
}

export interface InstanceOptions {
  readonly arch?: string;
  /** File name below module/ -> content; default: a fake object of each name. */
  readonly objects?: Readonly<Record<string, string | Uint8Array>>;
}

export interface InstalledOptions {
  /** Below the kernel's directory; default: updates/dkms. */
  readonly at?: string;
}

/** Empty trees below a new temporary directory, or the given one, of a Debian machine. */
export function dkmsTree(root = fs.mkdtempSync(path.join(os.tmpdir(), "dkms-tree-"))): TreeBuilder {
  const at = (...parts: readonly string[]) => path.join(root, ...parts);
  const write = (file: string, content: string | Uint8Array) => {
    fs.mkdirSync(path.dirname(at(file)), { recursive: true });
    fs.writeFileSync(at(file), content);
    return at(file);
  };
  const tree: TreeBuilder = {
    root,
    at,
    write,
    link: (target, file) => {
      fs.mkdirSync(path.dirname(at(file)), { recursive: true });
      fs.symlinkSync(target, at(file));
    },
    kernel: (release, options) => {
      addKernel(tree, release, options);
      return tree;
    },
    module: (key, options = {}) => addModule(tree, key, options),
    host: (options) => createHost({ machine: { arch: "x86_64", runningKernel: undefined }, ...options, root }),
    dkmsOptions: () => [
      ...["--dkmstree", at("var/lib/dkms"), "--sourcetree", at("usr/src"), "--installtree", at("lib/modules")],
    ],
    remove: () => fs.rmSync(root, { recursive: true, force: true }),
  };
  for (const directory of ["var/lib/dkms", "usr/src", "lib/modules"]) fs.mkdirSync(at(directory), { recursive: true });
  write("etc/os-release", "ID=debian\n");
  return tree;
}

function addKernel(tree: TreeBuilder, release: string, options: KernelOptions = {}): void {
  const { headers = true, modules = true, compressed } = options;
  const directory = `lib/modules/${release}`;
  fs.mkdirSync(tree.at(directory), { recursive: true });
  if (modules) {
    const object = `kernel/drivers/own.ko${compressed ? `.${compressed}` : ""}`;
    tree.write(`${directory}/${object}`, fakeObject({ name: "own", release }));
    tree.write(`${directory}/modules.dep`, `${object}:\n`);
  }
  if (!headers) return;
  const source = `usr/src/linux-headers-${release}`;
  tree.write(`${source}/include/config/auto.conf`, "CONFIG_MODULES=y\n");
  tree.write(`${source}/include/generated/utsrelease.h`, `#define UTS_RELEASE "${release}"\n`);
  tree.write(`${source}/Module.symvers`, "");
  // As on a real machine: absolute, and seen from inside the root.
  tree.link(`/${source}`, `${directory}/build`);
}

function addModule(tree: TreeBuilder, key: string, options: ModuleOptions): ModuleBuilder {
  const [name = "", version = ""] = key.split("/");
  const { objects = [name], link = "linked", destination = "/updates/dkms" } = options;
  const source = `usr/src/${name}-${version}`;
  const module = `var/lib/dkms/${name}/${version}`;
  fs.mkdirSync(tree.at(module), { recursive: true });
  if (link !== "dangling") {
    tree.write(`${source}/dkms.conf`, options.conf ?? confOf({ name, version, objects, destination }));
    for (const [file, content] of Object.entries(options.source ?? {})) tree.write(`${source}/${file}`, content);
  }
  if (link !== "missing") tree.link(tree.at(source), `${module}/source`);
  const built: ModuleBuilder["built"] = (release, { arch = "x86_64", objects: files } = {}) => {
    const place = `${module}/${release}/${arch}`;
    fs.mkdirSync(tree.at(place, "module"), { recursive: true });
    tree.write(`${place}/log/make.log`, "");
    const made = files ?? Object.fromEntries(objects.map((one) => [`${one}.ko`, fakeObject({ name: one, release })]));
    for (const [file, content] of Object.entries(made)) tree.write(`${place}/module/${file}`, content);
    return builder;
  };
  const builder: ModuleBuilder = {
    ...tree,
    built,
    installed: (release, { at = "updates/dkms", ...instance } = {}) => {
      const { arch = "x86_64" } = instance;
      const from = tree.at(module, release, arch, "module");
      if (instance.objects || !fs.existsSync(from)) built(release, instance);
      const to = tree.at("lib/modules", release, at);
      fs.mkdirSync(to, { recursive: true });
      for (const file of fs.readdirSync(from)) fs.copyFileSync(path.join(from, file), path.join(to, file));
      tree.link(`${version}/${release}/${arch}`, `var/lib/dkms/${name}/kernel-${release}-${arch}`);
      return builder;
    },
  };
  return builder;
}

interface ConfParts {
  readonly name: string;
  readonly version: string;
  readonly objects: readonly string[];
  readonly destination: string;
}

function confOf({ name, version, objects, destination }: ConfParts): string {
  const lines = objects.flatMap((object, index) => [
    `BUILT_MODULE_NAME[${index}]="${object}"`,
    `DEST_MODULE_LOCATION[${index}]="${destination}"`,
  ]);
  return [`PACKAGE_NAME="${name}"`, `PACKAGE_VERSION="${version}"`, ...lines, 'AUTOINSTALL="yes"', ""].join("\n");
}
