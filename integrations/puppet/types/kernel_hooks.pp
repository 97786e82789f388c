# @summary Whose hooks call dkms-agent when a kernel comes or goes: those of Debian's packages, or kernel-install.
type Dkms_agent::Kernel_hooks = Enum['debian', 'kernel-install', 'none']
