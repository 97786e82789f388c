import * as z from "zod/mini";
import type { Result } from "../dkms/failure.ts";
import type { Fault } from "./diagnostic.ts";
import { deprecatedDirectives, directiveNameFault, numberedDirectives, singleDirectives } from "./directive-names.ts";
import { parseDuration } from "./duration.ts";
import {
  digestFault,
  directiveValueFault,
  nameFault,
  sourceFault,
  tarballFault,
  versionFault,
  yesOrNoFault,
} from "./fields.ts";
import {
  parseGlob,
  parseNotText,
  parseRangeSelector,
  parseRegex,
  parseSelectorText,
  selectorWords,
} from "./selector.ts";

/** The only apiVersion that this program reads. */
export const apiVersion = "dkms-agent/v1";

/** Whether something is a {@link Fault}: an issue's parameters are untyped. */
export function isFault(value: unknown): value is Fault {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

/** Puts a field's own rule into the schema: the fault becomes an issue, told with all others. */
export function text(faultOf: (text: string) => Fault | undefined, about: Readonly<Record<string, unknown>>) {
  const rule = z.check<string>(({ value, issues }) => {
    const fault = faultOf(value);
    if (fault) issues.push({ code: "custom", input: value, message: fault.message, params: { fault } });
  });
  return z.string().check(rule, z.meta(about));
}

/** Makes a field rule of a parser. */
export const errorOf =
  (parse: (text: string) => Result<unknown, Fault>) =>
  (text: string): Fault | undefined => {
    const parsed = parse(text);
    return parsed.ok ? undefined : parsed.error;
  };

const matcherShape = {
  match: z.optional(
    text(errorOf(parseGlob), {
      description: "A glob over kernel releases: * for anything, ? for one character, [...] for one of several.",
      examples: ["6.1.*-amd64", "*-rt-*"],
    }),
  ),
  regex: z.optional(
    text(errorOf(parseRegex), {
      description:
        "A regular expression over kernel releases: JavaScript's syntax without look-around and back references, at most 200 characters.",
      examples: ["^6\\.(1|12)\\."],
      maxLength: 200,
    }),
  ),
  range: z.optional(
    text(errorOf(parseRangeSelector), {
      description: "Bounds in kernel-version order, separated by spaces; all of them must hold.",
      examples: [">=6.12 <6.13"],
      pattern: "^\\s*(>=|<=|>|<|=)\\s*[0-9]",
    }),
  ),
};

/** The keys that a selector may have, one at a time. */
export const selectorKeys: readonly string[] = [...Object.keys(matcherShape), "not"];

function exactlyOneKey(value: object, names: string): Fault | undefined {
  if (Object.values(value).filter((part) => part !== undefined).length === 1) return undefined;
  return { code: "E_BAD_VALUE", message: `A selector has exactly one of ${names}.`, hint: "Make a list item of each." };
}

function oneKey<T extends object>(names: string, description: string) {
  const rule = z.check<T>(({ value, issues }) => {
    // An unknown key has been told already, and is likely the one that is missing here.
    const fault = issues.length > 0 ? undefined : exactlyOneKey(value, names);
    if (fault) issues.push({ code: "custom", input: value, message: fault.message, params: { fault } });
  });
  return [rule, z.meta<T>({ description, minProperties: 1, maxProperties: 1 })] as const;
}

const negated = z.union([
  text(errorOf(parseNotText), {
    description: "A glob over kernel releases, or one of the selector words.",
    examples: ["*-rt-*", "running"],
  }),
  z.strictObject(matcherShape).check(...oneKey("match, regex, range", "What is taken away.")),
]);

const selector = z.union([
  text(errorOf(parseSelectorText), {
    description: "running, newest, installed (has its own modules), with-headers, or an exact kernel release.",
    examples: [...selectorWords, "6.1.0-56-amd64"],
    anyOf: [{ enum: selectorWords }, { pattern: "^[0-9]+\\." }],
  }),
  z
    .strictObject({
      ...matcherShape,
      not: z.optional(
        negated.check(
          z.meta({
            description: "Takes away from what the other selectors of the list have chosen, wherever it stands.",
            examples: ["*-rt-*", { range: "<6.1" }],
          }),
        ),
      ),
    })
    .check(...oneKey("match, regex, range, not", "One rule that chooses kernels, or takes some away.")),
]);

function kernels(description: string) {
  return z.optional(
    z.array(selector).check(
      z.minLength(1),
      z.meta({
        description,
        examples: [
          ["running", "newest"],
          [{ match: "6.1.*-amd64" }, { range: ">=6.12 <6.13" }, { not: "*-rt-*" }],
        ],
      }),
    ),
  );
}

/** One entry of `tarballs`. */
export const tarballSchema = z
  .strictObject({
    path: text(tarballFault, {
      description: "An archive that dkms mktarball made, relative to the document's directory.",
      examples: ["/srv/dkms/nvidia-550.54.14.dkms.tar.gz"],
    }),
    sha256: text(digestFault, {
      description: "The SHA-256 digest of the file, as sha256sum prints it. What has another digest is not unpacked.",
      examples: ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
      pattern: "^[0-9A-Fa-f]{64}$",
    }),
  })
  .check(z.meta({ description: "One archive, and what it must be." }));

/** One entry of `modules`. */
export const moduleSchema = z
  .strictObject({
    name: text(nameFault, {
      description: "The module's name, as in PACKAGE_NAME of its dkms.conf.",
      examples: ["v4l2loopback"],
      pattern: "^[^-./\\s*?\\[\\]][^/\\s*?\\[\\]]*$",
    }),
    version: text(versionFault, {
      description: 'The module\'s version, as in PACKAGE_VERSION. "*", only with state: absent, means every version.',
      examples: ["0.12.7", "1.10", "*"],
      pattern: "^(\\*|[^-./\\s*?\\[\\]][^/\\s*?\\[\\]]*)$",
    }),
    state: z.optional(
      z.enum(["installed", "built", "added", "absent"]).check(
        z.meta({
          description: "How far to bring the module for each chosen kernel. Default: installed.",
          examples: ["installed", "absent"],
          default: "installed",
        }),
      ),
    ),
    source: z.optional(
      text(sourceFault, {
        description:
          "A directory to copy to <source tree>/<name>-<version>, relative to the document's directory. Default: the source is there already.",
        examples: ["./src/v4l2loopback", "/opt/vendor/driver-1.2"],
      }),
    ),
    kernels: kernels("The kernels that the module is for. Default: the document's own kernels."),
    directives: z.optional(
      z
        .record(
          text(directiveNameFault, {
            description: "A directive of dkms.conf; those that DKMS numbers may have an index, as in MAKE[0].",
            anyOf: [
              { enum: [...singleDirectives, ...numberedDirectives] },
              { pattern: `^(${numberedDirectives.join("|")})\\[[0-9]{1,3}\\]$` },
              { enum: deprecatedDirectives },
            ],
          }),
          text(directiveValueFault, { description: "What follows the equals sign.", examples: ["no"] }),
        )
        .check(
          z.meta({
            description: "Directives that override the module's dkms.conf, as dkms --directive does.",
            examples: [{ STRIP: "no" }, { "MAKE[0]": "make KVERSION=$kernelver" }],
          }),
        ),
    ),
    timeout: z.optional(
      text(errorOf(parseDuration), {
        description: "How long one build may take: hours, minutes and seconds.",
        examples: ["20m", "90s", "1h30m"],
        pattern: "^(?=.)([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
      }),
    ),
    protect: z.optional(
      text(yesOrNoFault, {
        description:
          "Whether every plan that would uninstall or remove the module is refused, even when this entry is gone, until dkms-agent unprotect lifts it. Default: false.",
        examples: [true],
        default: false,
        pattern: "^(true|false)$",
      }),
    ),
    build: z.optional(
      z.enum(["auto", "never"]).check(
        z.meta({
          description: "Whether this host may build the module. Default: auto.",
          examples: ["never"],
          default: "auto",
        }),
      ),
    ),
    tarballs: z.optional(
      z.array(tarballSchema).check(
        z.minLength(1),
        z.meta({
          description:
            "Archives with binaries or source of the module, the one to prefer first. A binary for the kernel is loaded rather than built.",
          examples: [
            [
              {
                path: "./demo-1.0.dkms.tar.gz",
                sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
              },
            ],
          ],
        }),
      ),
    ),
  })
  .check(z.meta({ description: "One version of one module, and where it is wanted." }));

/** One document of the desired state: its shape, and the rules that concern one value alone. */
export const documentSchema = z
  .strictObject({
    apiVersion: z
      .literal(apiVersion)
      .check(z.meta({ description: "The version of this format.", examples: [apiVersion] })),
    kernels: kernels("The kernels for modules that name none. Default: [running, newest]."),
    unlisted: z.optional(
      z.enum(["report", "ignore", "prune"]).check(
        z.meta({
          description:
            "What becomes of modules in the DKMS tree that no document lists: tell, say nothing, or remove. Default: report.",
          examples: ["report", "prune"],
          default: "report",
        }),
      ),
    ),
    modules: z.optional(
      z.array(moduleSchema).check(
        z.meta({
          description: "The modules that this host wants, or wants gone.",
          examples: [[{ name: "v4l2loopback", version: "0.12.7" }]],
        }),
      ),
    ),
  })
  .check(z.meta({ title: "dkms-agent desired state", description: "The kernel modules that a host is to have." }));

/** A document that fits the schema. */
export type DocumentShape = z.infer<typeof documentSchema>;

/** An entry of `modules` that fits the schema. */
export type ModuleShape = z.infer<typeof moduleSchema>;
