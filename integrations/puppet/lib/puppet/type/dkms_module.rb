# frozen_string_literal: true

require 'puppet/resource_api'

Puppet::ResourceApi.register_type(
  name: 'dkms_module',
  docs: <<-DOC,
@summary One out-of-tree kernel module of this host, kept by dkms-agent.

The resource writes one document, /etc/dkms-agent/desired-state/NAME.yaml, and has dkms-agent apply it for this module.
Timers and kernel hooks read the same document, so that a kernel which comes later gets the module too.

What is compared is the host, not only the document: an object that somebody has removed or damaged, a kernel without
the module and a module that was taken away by hand all show as `pending`, and are mended.

@example A module for the running kernel and the newest one
  dkms_module { 'v4l2loopback':
    version => '0.12.7',
  }

@example A module for some kernels, from a directory
  dkms_module { 'jool':
    version    => '4.1.9',
    source     => '/opt/vendor/jool-4.1.9',
    kernels    => [{ 'match' => '6.1.*-amd64' }, { 'not' => '*-rt-*' }],
    directives => { 'STRIP' => 'no' },
  }

@example A module that this host only loads and never builds
  dkms_module { 'nvidia':
    version  => '550.54.14',
    build    => 'never',
    tarballs => [{
      'path'   => '/srv/dkms/nvidia-550.54.14.dkms.tar.gz',
      'sha256' => '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    }],
  }

@example No version of a module, for any kernel
  dkms_module { 'old-driver':
    ensure => absent,
  }

Packages that a build needs are not known here: `require => Package['linux-headers-amd64']` says so.

**Autorequires:** Package[dkms-agent], the settings and the directory of the documents, and the directory in `source`.
  DOC
  features: ['canonicalize', 'simple_get_filter', 'custom_insync'],
  attributes: {
    ensure: {
      type: 'Enum[present, absent]',
      desc: 'Whether the host is to have the module. `absent` takes every version away from every kernel.',
      default: 'present',
    },
    name: {
      type: 'Pattern[/\A[^-.\/\s*?\[\]][^\/\s*?\[\]]*\z/]',
      desc: 'The module, as in PACKAGE_NAME of its dkms.conf.',
      behaviour: :namevar,
    },
    version: {
      type: 'Pattern[/\A[^-.\/\s*?\[\]][^\/\s*?\[\]]*\z/]',
      desc: 'The version, as in PACKAGE_VERSION; always in quotes, since Puppet reads 1.10 as a number. Needed unless absent.',
    },
    state: {
      type: 'Enum[installed, built, added]',
      desc: 'How far to bring the module for each of the kernels.',
      default: 'installed',
    },
    kernels: {
      type: 'Array[Variant[Pattern[/\A\S+\z/], Hash[Enum[match, regex, range, not], String[1], 1, 1]], 1]',
      desc: 'The kernels: running, newest, installed, with-headers, an exact release, or a hash of one of match (a glob), ' \
            'regex, range and not.',
      default: ['running', 'newest'],
    },
    source: {
      type: 'Optional[Pattern[/\A\//]]',
      desc: 'A directory to copy to the source tree. Default: the source is there already.',
    },
    directives: {
      type: 'Hash[String[1], String]',
      desc: 'Directives that override the module\'s dkms.conf, as dkms --directive does.',
      default: {},
    },
    tarballs: {
      type: 'Array[Struct[path => Pattern[/\A\//], sha256 => Pattern[/\A[0-9A-Fa-f]{64}\z/]]]',
      desc: 'Archives with binaries or source of the module, the one to prefer first.',
      default: [],
    },
    build: {
      type: 'Enum[auto, never]',
      desc: 'Whether this host may build the module.',
      default: 'auto',
    },
    timeout: {
      type: 'Optional[Pattern[/\A(?=.)(\d+h)?(\d+m)?(\d+s)?\z/]]',
      desc: 'How long one build may take: hours, minutes and seconds, as in 1h30m. Default: build_timeout of the settings.',
    },
    protect: {
      type: 'Boolean',
      desc: 'Whether every run that would take the module away is refused, until dkms-agent unprotect lifts it.',
      default: false,
    },
    initramfs: {
      type: 'Boolean',
      desc: 'Whether the initramfs of a kernel is made again when what is installed of the module for it has changed.',
      default: false,
    },
    pending: {
      type: 'Array[String]',
      desc: 'What dkms-agent would do to the module on this host, and what keeps it from it. Leave it alone: it is to be empty.',
      default: [],
    },
    blocked: {
      type: 'Enum[fail, warn]',
      desc: 'What a module comes to that is wanted and cannot be had now (no headers, no source, an archive out of ' \
            'reach): a failed resource, or a warning. A build that failed is a failure either way.',
      behaviour: :parameter,
      default: 'fail',
    },
    instances: {
      type: 'Array[String]',
      desc: 'What the host has of the module: VERSION@RELEASE/ARCH LEVEL.',
      behaviour: :read_only,
    },
    problems: {
      type: 'Array[String]',
      desc: 'What is wrong with the objects that the host has.',
      behaviour: :read_only,
    },
  },
  autorequire: {
    package: 'dkms-agent',
    file: ['/etc/dkms-agent/config.yaml', '/etc/dkms-agent/desired-state', '$source'],
  },
)
