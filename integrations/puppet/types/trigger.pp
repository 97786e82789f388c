# @summary What starts dkms-agent between the runs of Puppet.
type Dkms_agent::Trigger = Enum['timer', 'daemon', 'cron', 'none']
