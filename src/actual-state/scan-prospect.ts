import path from "node:path";
import { buildInputs, digestConf, kernelCompiler } from "../dkms/build-inputs.ts";
import type { DkmsConf } from "../dkms/conf/dkms-conf.ts";
import { exclusion } from "../dkms/exclusion.ts";
import { pendingFailure } from "../dkms/failure-memory.ts";
import { moduleKey } from "../dkms/id.ts";
import type { Kernel } from "../dkms/kernel.ts";
import { type KernelConfig, parseKernelConfig, readKernelConfig } from "../dkms/kernel-config.ts";
import { requiredSigner } from "../dkms/signing/required-signer.ts";
import type { SigningSettings } from "../dkms/signing/signing.ts";
import { chooseToolchain, missingTools, type Toolchain } from "../dkms/toolchain.ts";
import type { ActualState, Prospect, ProspectRequest, SourceState } from "./actual-state.ts";
import { attempt, evaluate, kernelOf, remember, type Scan } from "./scan.ts";

/** What is the same for every module of a kernel. */
export interface KernelFacts {
  readonly config: KernelConfig;
  readonly compiler: string | undefined;
  readonly toolchain: Toolchain;
}

export interface ProspectContext {
  readonly scan: Scan;
  readonly sources: ActualState["sources"];
  /** Whether failures of earlier runs count, and there are any. */
  readonly seesFailures: boolean;
  readonly signing: SigningSettings;
  /** Kernel directory -> the signer that is required for it; filled on the way. */
  readonly signers: Map<string, string | undefined>;
  /** What dkms.conf files say, several instances the same -> its digest; filled on the way. */
  readonly confDigests: Map<DkmsConf, string>;
  /** Kernel directory -> facts; filled on the way. */
  readonly facts: Map<string, KernelFacts>;
}

/**
 * What would happen if the instance were built now. Where the document names a source, that one counts, since it would
 * be copied to the source tree first.
 */
export async function scanProspect(context: ProspectContext, request: ProspectRequest): Promise<Prospect> {
  const { scan, sources, facts } = context;
  const kernel = kernelOf(scan, request.kernel);
  const source = chooseSource(sources.get(moduleKey(request.module)));
  const { module, directives } = request;
  const file = source && path.join(source.directory, "dkms.conf");
  const conf = await evaluate(scan, { module, kernel, directives, ...(file && { file }) });
  if (!conf.ok) return { conf, ...nothing };
  const { config, compiler, toolchain } = remember(facts, kernel.directory, () => readFacts(scan, kernel));
  const inputs =
    source && compiler !== undefined
      ? attempt(scan, source.directory, () =>
          buildInputs(scan.host, {
            kernel,
            conf: conf.value,
            source: source.digest,
            compiler,
            confDigest: confDigestOf(context, conf.value),
          }),
        )
      : undefined;
  return {
    conf,
    exclusion: exclusion(conf.value, kernel, config),
    inputs,
    signer: await signerFor(context, kernel),
    missingTools: missingTools(scan.host, { conf: conf.value, toolchain, compression: kernel.compression }),
    failedBefore: inputs && context.seesFailures ? pendingFailure(scan.host, request, inputs) : undefined,
  };
}

function confDigestOf({ confDigests }: ProspectContext, conf: DkmsConf): string {
  const digest = confDigests.get(conf) ?? digestConf(conf);
  confDigests.set(conf, digest);
  return digest;
}

const nothing = {
  exclusion: undefined,
  inputs: undefined,
  signer: undefined,
  missingTools: [],
  failedBefore: undefined,
} as const;

async function signerFor({ scan, signing, signers }: ProspectContext, kernel: Kernel): Promise<string | undefined> {
  const { directory, id } = kernel;
  if (!signers.has(directory)) signers.set(directory, await requiredSigner(scan.host, id, signing));
  return signers.get(directory);
}

function chooseSource(source: SourceState | undefined): { directory: string; digest: string } | undefined {
  return source?.given ?? source?.inTree;
}

function readFacts(scan: Scan, kernel: Kernel): KernelFacts {
  const place = kernel.headers?.directory ?? kernel.directory;
  const config = attempt(scan, place, () => readKernelConfig(scan.host, kernel)) ?? parseKernelConfig("");
  return {
    config,
    toolchain: chooseToolchain(scan.host, config, kernel.headers?.directory),
    compiler: attempt(scan, place, () => kernelCompiler(scan.host, kernel)),
  };
}
