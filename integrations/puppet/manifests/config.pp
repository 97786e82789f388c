# @summary Settings, and the directory of the documents.
# @api private
class dkms_agent::config {
  file { ['/etc/dkms-agent', '/etc/dkms-agent/desired-state']:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  if $dkms_agent::settings =~ NotUndef {
    $text = dkms_agent::to_yaml($dkms_agent::settings)
    file { '/etc/dkms-agent/config.yaml':
      ensure       => file,
      owner        => 'root',
      group        => 'root',
      mode         => '0644',
      content      => "# Managed by Puppet: what is changed here is changed back.\n${text}",
      validate_cmd => "${dkms_agent::program} validate --quiet --settings %",
    }
  }
}
