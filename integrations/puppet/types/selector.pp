# @summary Some kernels: a word, an exact release, or one rule.
type Dkms_agent::Selector = Variant[
  Pattern[/\A\S+\z/],
  Hash[Enum['match', 'regex', 'range', 'not'], String[1], 1, 1]
]
