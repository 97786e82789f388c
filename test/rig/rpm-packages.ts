import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

export interface RpmPackage {
  readonly name: string;
  /** Directories that the package brings: where they are installed -> where they are now. */
  readonly directories?: Readonly<Record<string, string>>;
  /** A shell script that runs after the files are there; the package then requires /bin/sh. */
  readonly post?: string;
  readonly provides?: string;
}

/** Builds packages with the real rpmbuild, all at once; the file of each, in the order given. */
export function buildRpms(directory: string, packages: readonly RpmPackage[]): readonly string[] {
  const spec = path.join(directory, "packages.spec");
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(spec, `${head}\n${packages.map(sections).join("\n")}\n${install(packages)}\n`);
  const settings = [
    `_topdir ${directory}`,
    `_dbpath ${directory}/db`,
    "_build_name_fmt %%{NAME}.rpm",
    "__os_install_post %{nil}",
  ];
  const args = ["-bb", "--quiet", ...settings.flatMap((setting) => ["--define", setting]), spec];
  const { status, stdout, stderr } = spawnSync("rpmbuild", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`rpmbuild:\n${stdout}${stderr}`);
  return packages.map(({ name }) => path.join(directory, "RPMS", `${name}.rpm`));
}

const about = ["Version: 1.0", "Release: 1", "Summary: For a test", "License: GPL"];
const head = ["Name: packages", ...about, "BuildArch: noarch", "AutoReqProv: no", "%description", "None."].join("\n");

function sections({ name, directories = {}, post, provides }: RpmPackage): string {
  return [
    `%package -n ${name}`,
    "Summary: For a test",
    "AutoReqProv: no",
    ...(provides === undefined ? [] : [`Provides: ${provides}`]),
    `%description -n ${name}\nFor a test.`,
    `%files -n ${name}`,
    ...Object.keys(directories),
    ...(post === undefined ? [] : [`%post -n ${name}\n${post}`]),
  ].join("\n");
}

function install(packages: readonly RpmPackage[]): string {
  const copies = packages
    .flatMap(({ directories = {} }) => Object.entries(directories))
    .map(([place, source]) => `mkdir -p %{buildroot}${path.dirname(place)}\ncp -a ${source} %{buildroot}${place}`);
  return ["%install", ...copies].join("\n");
}
