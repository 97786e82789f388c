# @summary The scripts that the packages of kernels call.
# @api private
class dkms_agent::hooks {
  $chosen = $dkms_agent::kernel_hooks
  $packaging = "${dkms_agent::package_directory}/packaging"
  $scripts = {
    'debian'         => ['postinst.d', 'header_postinst.d', 'prerm.d'].reduce({}) |$all, $place| {
      $all + { $place => ['dkms-agent', "${packaging}/kernel-hooks/${place}/dkms-agent"] }
    },
    'kernel-install' => {
      'install.d' => ['45-dkms-agent.install', "${packaging}/kernel-install/45-dkms-agent.install"],
    },
  }

  $scripts.each |$kind, $places| {
    $places.each |$place, $script| {
      [$name, $origin] = $script
      if $kind == $chosen {
        # Other modules may look after these directories too.
        ['/etc/kernel', "/etc/kernel/${place}"].each |$directory| {
          unless defined(File[$directory]) {
            file { $directory:
              ensure => directory,
            }
          }
        }
        file { "/etc/kernel/${place}/${name}":
          ensure => file,
          owner  => 'root',
          group  => 'root',
          mode   => '0755',
          source => $origin,
        }
      } else {
        file { "/etc/kernel/${place}/${name}":
          ensure => absent,
        }
      }
    }
  }
}
