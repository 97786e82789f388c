import * as z from "zod/mini";
import { deprecatedDirectives, directiveNameFault, numberedDirectives, singleDirectives } from "./directive-names.ts";
import { durationPattern, parseDuration } from "./duration.ts";
import { digestFault, directiveValueFault, nameFault, sourceFault, tarballFault, versionFault } from "./fields.ts";
import { selectorSchema } from "./selector-schema.ts";
import { errorOf, text, yesOrNo } from "./text-field.ts";

/** The only apiVersion that this program reads. */
export const apiVersion = "dkms-agent/v1";

function kernels(description: string) {
  return z.optional(
    z.array(selectorSchema).check(
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
        pattern: durationPattern,
      }),
    ),
    protect: z.optional(
      yesOrNo(
        "Whether every plan that would uninstall or remove the module is refused, even when this entry is gone, until dkms-agent unprotect lifts it.",
        { usual: false },
      ),
    ),
    initramfs: z.optional(
      yesOrNo(
        "Whether a kernel's initramfs is made again when what is installed of the module for it has changed. What goes into it is for its maker to decide, as in /etc/initramfs-tools/modules.",
        { usual: false },
      ),
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
