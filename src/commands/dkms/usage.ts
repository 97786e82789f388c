import { dkmsVerbs } from "../../dkms/command-line/dkms-verbs.ts";

/** The dell/dkms that `dkms VERB` answers like; scripts compare the number. */
export const compatibleVersion = "3.2.2";

/** What --help prints. */
export const usage = `Usage: dkms [action] [options] [module/version | directory | dkms.conf]
       dkms-agent dkms [action] [options] ...

Actions:
  ${dkmsVerbs.slice(0, 9).join(", ")},
  ${dkmsVerbs.slice(9).join(", ")}
  The arguments, the exit codes and the output of status are those of dell/dkms ${compatibleVersion}.

Which module, which kernel:
  -m NAME[/VERSION], -v VERSION   a bare NAME/VERSION means the same
  -k RELEASE[/ARCH]               may be given several times; default: the running kernel; ldtarball: all
  -a ARCH                         one for all kernels, or as many as there are -k
  --all                           remove, unbuild, uninstall: every kernel that it is built for
  --templatekernel RELEASE        match: the kernel whose modules are wanted

How:
  --force                         build, install: anew, and over what would refuse it; ldtarball: replace what is
                                  there, and load builds without source
  --force-version-override        install over newer objects of the kernel's own
  --directive NAME=VALUE          beats dkms.conf; may be given several times
  -c FILE                         add: check this dkms.conf
  -j N                            jobs of make
  --no-depmod, --modprobe-on-install
  --archive FILE, --source-only, --binaries-only      of tarballs
  --kernelsourcedir DIR, --config FILE                only if they are the kernel's own
  -q, --quiet                     failures only
  --dkmstree DIR, --sourcetree DIR, --installtree DIR

Not in dell/dkms:
  --root DIR                      the system below this directory
  --lock-timeout DURATION         how long to wait for another run (default: the settings', else 30s)

Exit codes: those of dell/dkms; besides, 75 if another run holds the lock.

Examples:
  dkms install v4l2loopback/0.12.7 -k 6.1.0-56-amd64
  dkms remove v4l2loopback/0.12.7 --all
  dkms status -m v4l2loopback
`;
