# @summary dkms-agent on a host: its settings, documents, schedule and kernel hooks.
#
# Everything that this class brings about is read by the program itself, so that its timer and the kernel hooks keep
# what Puppet asked for also between the runs of Puppet.
#
# @example The program is there already; two modules, and a run every four hours
#   class { 'dkms_agent':
#     modules => {
#       'v4l2loopback' => { 'version' => '0.12.7' },
#       'old-driver'   => { 'ensure' => 'absent' },
#     },
#   }
#
# @example The program from npm, with the module puppet-nodejs
#   class { 'dkms_agent':
#     manage_package   => true,
#     package_provider => 'npm',
#     package_source   => '/srv/packages/dkms-agent-0.1.0.tgz',
#     settings         => { 'signing' => 'required', 'jobs' => 4 },
#   }
#
# @param manage_package
#   Whether this class installs the program.
# @param package_name
#   What the package is called.
# @param package_ensure
#   As `ensure` of a package: installed, latest, a version.
# @param package_provider
#   As `provider` of a package; npm needs the module puppet-nodejs. Default: that of the system.
# @param package_source
#   As `source` of a package: a file or an address.
# @param program
#   Where the program is.
# @param package_directory
#   Where the package lies, with `packaging/` in it: `$(npm root -g)/dkms-agent`.
# @param settings
#   /etc/dkms-agent/config.yaml. Checked by the program before it is put in its place. Default: the file is left alone;
#   `{}` writes one without a key.
# @param documents
#   Whole documents of the desired state, by their names without `.yaml`; applied when something differs. For single
#   modules, `modules` or the type `dkms_module` says more.
# @param modules
#   Resources of the type `dkms_module`, by their names.
# @param trigger
#   What starts the program between the runs of Puppet. What is not chosen is taken away.
# @param on_calendar
#   When the timer fires, as `OnCalendar=` of systemd. Default: what the unit says.
# @param randomized_delay
#   How much later than that, as `RandomizedDelaySec=`. Default: what the unit says.
# @param cron
#   When cron starts it: five fields. Default: every four hours, at a minute of the host's own.
# @param builds
#   Whether the sandbox of the units is widened for hosts that compile much; see `packaging/systemd/README.md`.
# @param kernel_hooks
#   Whether and how the packages of kernels call the program. Default: as the family of the system has it.
class dkms_agent (
  Boolean $manage_package = false,
  String[1] $package_name = 'dkms-agent',
  String[1] $package_ensure = 'installed',
  Optional[String[1]] $package_provider = undef,
  Optional[String[1]] $package_source = undef,
  Pattern[/\A\/\S+\z/] $program = '/usr/local/bin/dkms-agent',
  Pattern[/\A\//] $package_directory = '/usr/local/lib/node_modules/dkms-agent',
  Optional[Dkms_agent::Settings] $settings = undef,
  Hash[Pattern[/\A[^.\/\s][^\/\s]*\z/], Dkms_agent::Desired_state] $documents = {},
  Hash[String[1], Hash[String[1], Any]] $modules = {},
  Dkms_agent::Trigger $trigger = 'timer',
  Optional[Pattern[/\A[^\n]+\z/]] $on_calendar = undef,
  Optional[Pattern[/\A[^\n]+\z/]] $randomized_delay = undef,
  Optional[Pattern[/\A\S+( \S+){4}\z/]] $cron = undef,
  Boolean $builds = false,
  Dkms_agent::Kernel_hooks $kernel_hooks = 'none',
) {
  contain dkms_agent::package
  contain dkms_agent::config
  contain dkms_agent::trigger
  contain dkms_agent::hooks

  Class['dkms_agent::package'] -> Class['dkms_agent::config'] -> Class['dkms_agent::trigger']
  Class['dkms_agent::package'] -> Class['dkms_agent::hooks']

  $documents.each |$name, $content| {
    dkms_agent::document { $name:
      content => $content,
    }
  }

  $modules.each |$name, $attributes| {
    dkms_module { $name:
      * => $attributes,
    }
  }
}
