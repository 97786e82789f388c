import path from "node:path";
import type { ArchivePolicy } from "../actual-state/actual-state.ts";
import type { Diagnostic } from "../desired-state/diagnostic.ts";
import { defaultSettings, type Settings, settingsPlace } from "../desired-state/settings.ts";
import type { EnginePolicy } from "../dkms/engine-policy.ts";
import { fail, type Result, succeed } from "../dkms/failure.ts";
import { chooseTrees, type NamedTrees } from "../dkms/framework/choose-trees.ts";
import type { Framework } from "../dkms/framework/framework.ts";
import { readAddonModules } from "../dkms/framework/read-addon-modules.ts";
import { readFramework } from "../dkms/framework/read-framework.ts";
import { packageArch } from "../dkms/package-arch.ts";
import { createHost, type HostOptions } from "../host/create-host.ts";
import type { Host } from "../host/host.ts";

export interface HostRequest {
  /** Of the command line: beats the settings. Absolute or relative to the working directory. */
  readonly places: NamedTrees & { readonly root?: string };
  /** In place of the kernels' own; relative to the working directory. */
  readonly kernels?: Pick<HostOptions, "headers" | "kernelConfig">;
  /** The release whose package names the architecture; default: the running kernel's. `null`: nobody needs it. */
  readonly release?: string | null | undefined;
  readonly signal: AbortSignal;
  readonly allowInsecureFiles: boolean;
}

/** A host, and what its own files say about how to work on it. */
export interface OpenedHost {
  readonly host: Host;
  readonly settings: Settings;
  readonly framework: Framework;
  /** Problems of the settings; warnings only, unless opening failed. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The host with the trees that the command line, the agent's settings or framework.conf name, in this order. Fails
 * with E_USAGE if the root is not there, with E_CONF_INVALID if one of the files is unusable (`problems` then hears of
 * each), or as reading them does.
 */
export async function openHost(
  { places, kernels, release, signal, allowInsecureFiles }: HostRequest,
  problems: (diagnostics: readonly Diagnostic[]) => void,
): Promise<Result<OpenedHost>> {
  const { root, ...named } = places;
  const bare = createHost({ ...(root !== undefined && { root }), signal });
  if (kindOf(bare, bare.root) !== "directory") {
    const remedy = "Name the directory that holds the system's files.";
    return fail("E_USAGE", `--root: ${bare.root} is not a directory.`, { path: bare.root, remedy });
  }
  const loaded = await readSettings(bare, allowInsecureFiles);
  if (!loaded.settings) {
    problems(loaded.diagnostics);
    const file = path.join(bare.root, settingsPlace);
    return fail("E_CONF_INVALID", `The settings in ${file} are not usable.`, {
      path: file,
      remedy: "Correct the file.",
    });
  }
  const framework = await readFramework(bare);
  if (!framework.ok) return framework;
  const addonModules = await readAddonModules(bare);
  if (!addonModules.ok) return addonModules;
  const given = absolute(named);
  const trees = chooseTrees({ root: bare.root, given, settings: loaded.settings.trees, framework: framework.value });
  const addon = addonModules.value === undefined ? {} : { addonModules: addonModules.value };
  const created = createHost({ root: bare.root, ...trees, ...kernels, ...addon, signal });
  const host = release === null ? created : await withPackageArch(created, release);
  return succeed({ host, settings: loaded.settings, framework: framework.value, diagnostics: loaded.diagnostics });
}

async function withPackageArch(host: Host, release = host.machine.runningKernel): Promise<Host> {
  const arch = release === undefined ? undefined : await packageArch(host, release);
  return arch === undefined ? host : { ...host, machine: { ...host.machine, arch } };
}

/** How the engine works on a host that was opened. */
export function policyOf({ settings, framework }: Pick<OpenedHost, "settings" | "framework">): EnginePolicy {
  const { compressOptions: compressorOptions, symlinkModules } = framework;
  return { signing: settings.signing, compressorOptions, symlinkModules };
}

/** Which archives of the documents are read. */
export function archivesOf(
  { settings }: Pick<OpenedHost, "settings">,
  { allowInsecureFiles }: Pick<HostRequest, "allowInsecureFiles">,
): ArchivePolicy {
  return { allowInsecureFiles, limits: settings.tarballLimits };
}

/** A relative tree is meant from here, also for programs that work elsewhere, where dell/dkms fails. */
function absolute(trees: NamedTrees): NamedTrees {
  return Object.fromEntries(Object.entries(trees).map(([name, place]) => [name, path.resolve(String(place))]));
}

interface LoadedSettings {
  readonly settings: Settings | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** What it takes to read the file is loaded only where there is one: nobody else waits for it. */
async function readSettings(host: Host, allowInsecureFiles: boolean): Promise<LoadedSettings> {
  if (kindOf(host, path.join(host.root, settingsPlace)) === undefined) {
    return { settings: defaultSettings, diagnostics: [] };
  }
  const { loadSettings } = await import("../desired-state/load-settings.ts");
  return loadSettings(host, { allowInsecureFiles });
}

function kindOf({ files }: Host, place: string): string | undefined {
  try {
    return files.stat(place)?.kind;
  } catch {
    // It is there, and reading it will tell what is wrong.
    return "other";
  }
}
