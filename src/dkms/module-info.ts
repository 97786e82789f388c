/** What a kernel object says of itself: its .modinfo section, and the signature behind it. As modinfo(8) prints it. */
export interface ModuleInfo {
  readonly name: string | undefined;
  /** The full text, e.g. `6.1.0-56-amd64 SMP preempt mod_unload modversions `. */
  readonly vermagic: string | undefined;
  readonly version: string | undefined;
  readonly srcversion: string | undefined;
  readonly depends: readonly string[];
  readonly license: string | undefined;
  /** The GNU build-id note, lower-case hexadecimal; the kernel shows the same one for a loaded module. */
  readonly buildId: string | undefined;
  /** ELF e_machine as `uname -m` would say: x86_64, i686, aarch64, … `undefined` if unknown to us. */
  readonly arch: string | undefined;
  readonly signature: ModuleSignature | undefined;
}

/** The release of the kernel that an object was made for; `undefined` if it does not say. */
export function releaseMadeFor({ vermagic }: Pick<ModuleInfo, "vermagic">): string | undefined {
  return vermagic?.split(" ").find(Boolean);
}

/** A signature that cannot be read has no field. */
export interface ModuleSignature {
  /** Common name of the issuer in the PKCS#7 signer info, as modinfo's `signer`. */
  readonly signer: string | undefined;
  /** As modinfo's `sig_hashalgo`: sha256, sha512, … */
  readonly hash: string | undefined;
  /**
   * As modinfo's `sig_key`: upper-case hexadecimal pairs joined by colons. The certificate's serial number, or its key
   * identifier where the signature names no issuer (modinfo shows nothing then).
   */
  readonly key: string | undefined;
}
