# A host that has its kernel modules from Puppet: puppet apply --modulepath MODULES site.pp, where integrations/puppet
# lies in MODULES as dkms_agent, and the package dkms-agent is installed.

class { 'dkms_agent':
  settings         => {
    'signing' => 'optional',
    'jobs'    => 2,
  },
  # What happens between the runs of Puppet: kernels that come get their modules, what is lost is mended.
  trigger          => 'timer',
  on_calendar      => '*-*-* 04:17:00',
  randomized_delay => '1h',
}

# One module, for the running kernel and the newest one.
dkms_module { 'v4l2loopback':
  version => '0.12.7',
}

# One that is to be there, but whose source comes later: a warning until then.
dkms_module { 'vendor-driver':
  version => '1.10',
  kernels => ['newest', { 'not' => '*-rt-*' }],
  blocked => 'warn',
}

# One that is to be gone, in every version, from every kernel.
dkms_module { 'old-driver':
  ensure => absent,
}

# Several modules in a document of their own.
dkms_agent::document { 'network':
  content => {
    'kernels' => [{ 'match' => '6.*' }],
    'modules' => [
      { 'name' => 'jool', 'version' => '4.1.9', 'directives' => { 'STRIP' => 'no' } },
    ],
  },
}
