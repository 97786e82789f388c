import { defaultCompressorOptions } from "./compress-object.ts";
import type { Framework } from "./framework/framework.ts";
import type { SigningSettings } from "./signing/signing.ts";

/** What the host's settings say about how modules are built and installed there, whoever asks for it. */
export interface EnginePolicy {
  readonly signing: SigningSettings;
  readonly compressorOptions: Framework["compressOptions"];
  /** Objects are installed as links to their build. What is installed as a copy already stays so. */
  readonly symlinkModules: boolean;
}

/** Of a host without settings, and of one that signs nothing. */
export const unsignedPolicy: EnginePolicy = {
  signing: { policy: "off" },
  compressorOptions: defaultCompressorOptions,
  symlinkModules: false,
};
