# @summary What starts the program: a timer, a daemon, or cron. What is not chosen is taken away.
# @api private
class dkms_agent::trigger {
  $calendar = $dkms_agent::on_calendar ? {
    undef   => [],
    # An empty line takes back what the unit says.
    default => ['OnCalendar=', "OnCalendar=${dkms_agent::on_calendar}"],
  }
  $delay = $dkms_agent::randomized_delay ? {
    undef   => [],
    default => ["RandomizedDelaySec=${dkms_agent::randomized_delay}"],
  }
  $timer = $calendar + $delay

  dkms_agent::service { 'dkms-agent-apply.timer':
    running => $dkms_agent::trigger == 'timer',
    service => 'dkms-agent-apply.service',
    command => 'apply',
    timer   => $timer,
  }

  dkms_agent::service { 'dkms-agent.service':
    running => $dkms_agent::trigger == 'daemon',
    service => 'dkms-agent.service',
    command => 'daemon',
  }

  if $dkms_agent::trigger == 'daemon' and $dkms_agent::settings =~ NotUndef {
    File['/etc/dkms-agent/config.yaml'] ~> Service['dkms-agent.service']
  }

  if $dkms_agent::trigger == 'cron' {
    $own_minute = fqdn_rand(60, 'dkms-agent')
    $fields = $dkms_agent::cron.lest || { "${own_minute} */4 * * *" }
    file { '/etc/cron.d/dkms-agent':
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp('dkms_agent/crontab.epp', { 'fields' => $fields, 'program' => $dkms_agent::program }),
    }
  } else {
    file { '/etc/cron.d/dkms-agent':
      ensure => absent,
    }
  }
}
