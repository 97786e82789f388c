# @summary One document of the desired state, apart from its apiVersion: `dkms-agent schema` has the whole of it.
type Dkms_agent::Desired_state = Struct[{
  Optional['kernels']  => Array[Dkms_agent::Selector, 1],
  Optional['unlisted'] => Enum['report', 'ignore', 'prune'],
  'modules'            => Array[Hash[String[1], Data]],
}]
