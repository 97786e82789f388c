# @summary The units of one way to start the program: there, enabled and running, or none of it.
#
# @param running
#   Whether this is the chosen way.
# @param service
#   The unit that starts the program.
# @param command
#   The command that it starts.
# @param timer
#   Lines for the section [Timer] of the unit in the title.
# @api private
define dkms_agent::service (
  Boolean $running,
  String[1] $service,
  String[1] $command,
  Array[String[1]] $timer = [],
) {
  $directory = '/etc/systemd/system'
  $packaging = "${dkms_agent::package_directory}/packaging/systemd"
  $units = unique([$service, $title])
  $start = epp('dkms_agent/service.conf.epp', { 'program' => $dkms_agent::program, 'command' => $command })
  $when = epp('dkms_agent/timer.conf.epp', { 'lines' => $timer })

  # What lies where: undef for what is not to be there.
  $drop_ins = {
    "${service}.d/puppet.conf" => { 'content' => $start },
    "${service}.d/builds.conf" => $dkms_agent::builds ? {
      true    => { 'source' => "${packaging}/builds.conf" },
      default => undef,
    },
  } + ($service ? {
    $title  => {},
    default => {
      "${title}.d/puppet.conf" => $timer ? {
        []      => undef,
        default => { 'content' => $when },
      },
    },
  })
  $files = $units.reduce($drop_ins) |$all, $unit| { $all + { $unit => { 'source' => "${packaging}/${unit}" } } }

  if $running {
    $units.each |$unit| {
      file { "${directory}/${unit}.d":
        ensure => directory,
        owner  => 'root',
        group  => 'root',
        mode   => '0755',
      }
    }
    $present = $files.filter |$file, $origin| { $origin =~ NotUndef }
    $absent = $files.filter |$file, $origin| { $origin =~ Undef }

    $present.each |$file, $origin| {
      file { "${directory}/${file}":
        ensure => file,
        owner  => 'root',
        group  => 'root',
        mode   => '0644',
        notify => Service[$title],
        *      => $origin,
      }
    }
    $absent.each |$file, $origin| {
      file { "${directory}/${file}":
        ensure => absent,
        notify => Service[$title],
      }
    }

    service { $title:
      ensure => running,
      enable => true,
    }
  } else {
    # Not a service of Puppet's: hosts without systemd have nothing to stop.
    exec { "systemctl disable --now ${title}":
      provider => shell,
      onlyif   => "test -e ${directory}/${title}",
    }
    $files.each |$file, $origin| {
      file { "${directory}/${file}":
        ensure  => absent,
        require => Exec["systemctl disable --now ${title}"],
        notify  => Exec["systemctl daemon-reload without ${title}"],
      }
    }
    exec { "systemctl daemon-reload without ${title}":
      command     => 'systemctl daemon-reload',
      provider    => shell,
      refreshonly => true,
    }
  }
}
