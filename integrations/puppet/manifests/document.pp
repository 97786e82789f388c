# @summary A document of the desired state, applied as a whole.
#
# Checked by the program before it is put in its place, together with all other documents. Whatever differs on the host
# for its modules is then mended by one `dkms-agent apply`, whether the document or the host has changed.
#
# @example Two modules for the kernels of one series
#   dkms_agent::document { 'capture':
#     content => {
#       'kernels' => [{ 'match' => '6.1.*-amd64' }],
#       'modules' => [
#         { 'name' => 'v4l2loopback', 'version' => '0.12.7' },
#         { 'name' => 'akvcam', 'version' => '1.2.2' },
#       ],
#     },
#   }
#
# @param content
#   The document.
# @param ensure
#   Whether the document is there. Taking it away leaves its modules on the host, where nothing lists them any more; a
#   document that says `state: absent` takes them away.
define dkms_agent::document (
  Optional[Dkms_agent::Desired_state] $content = undef,
  Enum['present', 'absent'] $ensure = 'present',
) {
  include dkms_agent

  $path = "/etc/dkms-agent/desired-state/${title}.yaml"

  if $ensure == 'absent' {
    file { $path:
      ensure => absent,
    }
  } elsif $content =~ Undef {
    fail("Dkms_agent::Document[${title}] has no content: give it some, or ensure => absent")
  } else {
    $text = dkms_agent::to_yaml({ 'apiVersion' => 'dkms-agent/v1' } + $content)
    file { $path:
      ensure       => file,
      owner        => 'root',
      group        => 'root',
      mode         => '0644',
      content      => "# Managed by Puppet, as Dkms_agent::Document[${title}]: what is changed here is changed back.\n${text}",
      validate_cmd => "${dkms_agent::program} validate --quiet --candidate % --in-place-of ${path}",
      require      => Class['dkms_agent::config'],
    }

    # Modules of other documents are not this one's; but what no document lists is found by looking at all.
    $modules = $content['unlisted'] ? {
      undef   => $content['modules'].map |$module| { ['--module', $module['name']] },
      default => [],
    }
    unless $modules =~ Array[Any, 0, 0] and $content['unlisted'] =~ Undef {
      exec { "dkms-agent apply ${title}":
        command   => flatten($dkms_agent::program, 'apply', $modules),
        unless    => [flatten($dkms_agent::program, 'plan', '--detailed-exitcode', '--quiet', $modules)],
        logoutput => on_failure,
        # Each build has a limit of its own.
        timeout   => 0,
        require   => File[$path],
      }
    }
  }
}
