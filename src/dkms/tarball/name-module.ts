import type { Host } from "../../host/host.ts";
import { anyKernel } from "../any-kernel.ts";
import { loadConf } from "../conf/load-conf.ts";
import { fail, type Result, succeed } from "../failure.ts";
import { type ModuleId, moduleKey, moduleProblem } from "../id.ts";
import type { TarballContents, TarballLayout } from "./find-layout.ts";
import { sandboxedHost } from "./sandboxed-host.ts";

export interface NameRequest {
  readonly archive: string;
  readonly layout: TarballLayout;
  readonly texts: TarballContents["texts"];
}

/**
 * What the module in an archive is called: without source, as mktarball has written beside it; otherwise as its dkms.conf
 * says. Where that needs bash, the build records of our mktarball tell it, or, without any, it is evaluated as nobody; it is
 * never executed as root for that. Fails with E_TARBALL (7), E_CONF_INVALID (8) or E_NO_TOOL.
 */
export async function nameModule(host: Host, request: NameRequest): Promise<Result<ModuleId>> {
  const { archive, layout } = request;
  const named = writtenName(request) ?? (await plainName(host, request)) ?? (await evaluatedName(host, request));
  if (!named.ok) return named;
  const problem = moduleProblem(named.value);
  if (problem !== undefined)
    return unusable(archive, `names the module ${JSON.stringify(moduleKey(named.value))}: a part of it ${problem}`);
  const stranger = layout.binaries.find(({ record }) => record && moduleKey(record.module) !== moduleKey(named.value));
  if (stranger?.record === undefined) return named;
  return unusable(
    archive,
    `is of ${moduleKey(named.value)}, and holds a build of ${moduleKey(stranger.record.module)}`,
  );
}

/** mktarball --binaries-only writes both; what is only read needs no evaluation. */
function writtenName({ layout, texts }: NameRequest): Result<ModuleId> | undefined {
  if (layout.format !== "binaries-only") return undefined;
  const [name, version] = ["PACKAGE_NAME", "PACKAGE_VERSION"].map((file) =>
    texts.get(`${layout.top}/${file}`)?.replace(/\n$/, ""),
  );
  return name === undefined || version === undefined ? undefined : succeed({ name, version });
}

/** What needs no program; `undefined` if it takes bash to find out. */
async function plainName(host: Host, request: NameRequest): Promise<Result<ModuleId> | undefined> {
  const named = await evaluatedName({ ...host, findProgram: () => undefined }, request);
  if (named.ok || named.error.code !== "E_NO_TOOL") return named;
  const record = request.layout.binaries.find((binary) => binary.record)?.record;
  return record && succeed(record.module);
}

async function evaluatedName(host: Host, { archive, layout, texts }: NameRequest): Promise<Result<ModuleId>> {
  const text = texts.get(layout.conf);
  if (text === undefined) return unusable(archive, `holds a dkms.conf that is too large: ${layout.conf}`);
  const file = `${archive}:${layout.conf}`;
  const conf = await loadConf(sandboxedHost(host, { file, text }), {
    module: { name: "unnamed", version: "0" },
    kernel: anyKernel(host),
    file,
    strict: false,
  });
  if (!conf.ok) {
    const remedy = conf.error.code === "E_CONF_INVALID" ? { remedy: correctIt } : {};
    return { ok: false, error: { ...conf.error, path: archive, ...remedy } };
  }
  return succeed({ name: conf.value.packageName, version: conf.value.packageVersion });
}

function unusable(archive: string, message: string): Result<never> {
  return fail("E_TARBALL", `${archive} ${message}.`, { path: archive, remedy: correctIt, dkmsExit: 7 });
}

const correctIt = "Correct the dkms.conf, and make the archive again.";
