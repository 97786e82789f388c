# @summary /etc/dkms-agent/config.yaml. Which keys there are, and what each may be, the program says when the file is
#   written: `dkms-agent schema settings`.
type Dkms_agent::Settings = Hash[Pattern[/\A[a-z][a-z_]*\z/], Data]
