import settingsJson from "../../../desired-state/config.schema.json" with { type: "json" };
import desiredJson from "../../../desired-state/schema.json" with { type: "json" };
import { toolVersion } from "../tool-version.ts";
import { entry, paragraph, section, title, verbatim } from "./roff.ts";

/** dkms-agent.yaml(5), from the JSON schemas of the documents and of the settings. */
export function documentPage(date: string): string {
  return [
    title({
      ...{ name: "dkms-agent.yaml", section: 5, date, source: `dkms-agent ${toolVersion}` },
      manual: "File Formats",
    }),
    section("NAME", "dkms\\-agent.yaml \\- the desired state and the settings of dkms\\-agent\n"),
    section(
      "DESCRIPTION",
      paragraph(
        "The desired state is a YAML file, or a directory of which the *.yaml files are merged in the order of their names. It says which kernel modules a host is to have, for which kernels. All values are text: version: 1.10 is 1.10. dkms-agent validate tells every mistake with its line and column, and dkms-agent schema prints what an editor needs to find them.",
      ),
    ),
    section("KEYS OF THE DESIRED STATE", ...keysOf(desiredJson)),
    section(
      "SETTINGS",
      paragraph("These are the keys of /etc/dkms-agent/config.yaml. Each may be left out, and so may the file."),
      ...keysOf(settingsJson),
    ),
    section("EXAMPLE", verbatim(example)),
    section("FILES", entry("/etc/dkms-agent/desired-state/*.yaml"), entry("/etc/dkms-agent/config.yaml")),
    section("SEE ALSO", ".BR dkms\\-agent (8),\n.BR dkms (8)\n"),
  ].join("");
}

const example = [
  "apiVersion: dkms-agent/v1",
  "kernels: [running, newest]",
  "modules:",
  "  - name: v4l2loopback",
  "    version: 0.12.7",
  "  - name: jool-dkms",
  "    version: 4.1.9",
  "    kernels:",
  '      - match: "6.1.*-amd64"',
  '      - not: "*-rt-*"',
  "  - name: old-driver",
  '    version: "*"',
  "    state: absent",
];

/** Every key with what the schema says of it; what occurs in several places is told where it comes first. */
function keysOf(schema: unknown): readonly string[] {
  const told = new Set<string>();
  const named = new Set<string>();
  const walk = (path: string, node: unknown): readonly string[] => {
    const text = JSON.stringify(node);
    if (!isRecord(node) || told.has(text)) return [];
    told.add(text);
    const isNew = typeof node.description === "string" && /\w$/.test(path) && !named.has(path);
    named.add(path);
    const own = isNew ? [keyEntry(path, node)] : [];
    const { anyOf = [], properties = {}, items } = node;
    const choices = Array.isArray(anyOf) ? anyOf.flatMap((one: unknown) => walk(path, one)) : [];
    const keys = isRecord(properties)
      ? Object.entries(properties).flatMap(([key, one]) => walk(path === "" ? key : `${path}.${key}`, one))
      : [];
    return [...own, ...choices, ...keys, ...walk(`${path}[]`, items)];
  };
  return walk("", schema);
}

function keyEntry(path: string, { description, enum: values, examples }: Readonly<Record<string, unknown>>): string {
  const oneOf = Array.isArray(values) ? [`One of: ${values.map(flow).join(", ")}.`] : [];
  const shown = Array.isArray(examples) ? [`For example: ${examples.map(flow).join("; ")}`] : [];
  return entry(path, String(description), ...oneOf, ...shown);
}

/** As YAML on one line. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (!isRecord(value)) return scalar(String(value));
  const pairs = Object.entries(value).map(([key, one]) => `${scalar(key)}: ${flow(one)}`);
  return `{${pairs.join(", ")}}`;
}

function scalar(text: string): string {
  return /^[\w./$-][\w./$ =;:-]*$/.test(text) && !text.includes(": ") ? text : `'${text.replaceAll("'", "''")}'`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
