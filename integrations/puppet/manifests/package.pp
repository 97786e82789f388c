# @summary The program, where Puppet is to install it.
# @api private
class dkms_agent::package {
  if $dkms_agent::manage_package {
    package { 'dkms-agent':
      ensure   => $dkms_agent::package_ensure,
      name     => $dkms_agent::package_name,
      provider => $dkms_agent::package_provider,
      source   => $dkms_agent::package_source,
    }
  }
}
