/** How modules are signed: what the agent's settings say. Paths are below the root, and may name `$kernelver`. */
export interface SigningSettings {
  /** `required`: an unsigned module is a failure; `optional`: a notice; `off`: none is signed. */
  readonly policy: SigningPolicy;
  /** Default: framework.conf's sign_file, else the distribution's. */
  readonly signFile?: string;
  /**
   * Key (or `pkcs11:…`) and certificate, always both. Default: framework.conf's, else the distribution's or the agent's
   * own.
   */
  readonly pair?: KeyPair;
}

export type SigningPolicy = "required" | "optional" | "off";

/** What signs and what others check it by. */
export interface KeyPair {
  /** A PEM file, or `pkcs11:…`. */
  readonly key: string;
  /** An X.509 file, DER or PEM. */
  readonly certificate: string;
}

/** Everything that it takes to sign for one kernel; checked to be there. */
export interface Signing extends KeyPair {
  readonly policy: Exclude<SigningPolicy, "off">;
  /** sign-file of the kernel's scripts, or a program that is called alike. */
  readonly signFile: string;
  /** As sign-file names it: the kernel's own CONFIG_MODULE_SIG_HASH. */
  readonly hash: string;
}

/** Whether the objects for a kernel are to be signed, and how. */
export type SigningChoice =
  | { readonly kind: "sign"; readonly signing: Signing; readonly notices: readonly string[] }
  | {
      readonly kind: "unsigned";
      /** One sentence. */
      readonly reason: string;
      /** What the administrator should be told; empty if it is as it should be. */
      readonly notices: readonly string[];
    };

/** Nothing was said about signing. */
export const defaultSigning: SigningSettings = { policy: "optional" };
