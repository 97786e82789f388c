import { defaultCompressorOptions } from "../compress-object.ts";
import type { FrameworkName, FrameworkValues } from "./evaluate-framework.ts";
import type { Framework } from "./framework.ts";

/** The settings that the values mean: for dell/dkms, a switch is on if there is any text, `no` and `0` included. */
export function interpretFramework({ values, complaints }: FrameworkValues): Framework {
  const text = (name: FrameworkName) => values.get(name) || undefined;
  const jobs = text("parallel_jobs");
  const words = (name: FrameworkName, usual: readonly string[]) => {
    const value = values.get(name);
    return value === undefined ? usual : value.split(/\s+/).filter(Boolean);
  };
  return {
    sourceTree: text("source_tree") ?? "/usr/src",
    dkmsTree: text("dkms_tree") ?? "/var/lib/dkms",
    installTree: text("install_tree") ?? "/lib/modules",
    tmpLocation: text("tmp_location") ?? "/tmp",
    verbose: text("verbose") !== undefined,
    symlinkModules: text("symlink_modules") !== undefined,
    autoinstallAllKernels: text("autoinstall_all_kernels") !== undefined,
    modprobeOnInstall: text("modprobe_on_install") !== undefined,
    parallelJobs: jobsOf(jobs),
    compressOptions: {
      gz: words("compress_gzip_opts", defaultCompressorOptions.gz),
      xz: words("compress_xz_opts", defaultCompressorOptions.xz),
      zst: words("compress_zstd_opts", defaultCompressorOptions.zst),
    },
    signFile: text("sign_file"),
    mokSigningKey: text("mok_signing_key"),
    mokCertificate: text("mok_certificate"),
    postTransaction: text("post_transaction"),
    notices: [...complaints, ...oddJobs(jobs)],
  };
}

/** 0 means without limit to dell/dkms, which no machine with little memory survives: as many as processors here. */
function jobsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,4}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

function oddJobs(text: string | undefined): readonly string[] {
  if (text === undefined || /^0+$/.test(text) || jobsOf(text) !== undefined) return [];
  return [`framework.conf: parallel_jobs="${text}" is not a number of jobs; the default is taken.`];
}
